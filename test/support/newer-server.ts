import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that says to be of a newer version than it is. */
export interface NewerServer {
  readonly url: string;
  /** How often its version was asked for, and where that is not known to be answered: what was sent. */
  readonly asked: { readonly times: number; readonly unanswered: readonly string[] };
  close(): Promise<void>;
}

const protocol3 = 0x0003_0000;

/**
 * A real server that claims to be PostgreSQL 19, of which there are no binaries yet: what it is asked for its version is
 * answered for it, and so is the version it reports by itself.
 */
export async function startNewerServer(serverUrl: string): Promise<NewerServer> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const asked = { times: 0, unanswered: [] as string[] };
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    let begun = false;
    const fromClient = splitter();
    client.on('data', (chunk: Buffer) => {
      // Until the protocol begins, messages have no type: a request for TLS, or to cancel.
      for (const message of fromClient(chunk, () => (begun ? 1 : 0))) {
        if (begun) server.write(answerVersion(message, asked));
        else {
          begun = message.readInt32BE(4) === protocol3;
          server.write(message);
        }
      }
    });
    const fromServer = splitter();
    server.on('data', (chunk: Buffer) => {
      if (!begun) client.write(chunk);
      else for (const message of fromServer(chunk, () => 1)) client.write(claimVersion(message));
    });
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const url = new URL(serverUrl);
  url.port = String((proxy.address() as AddressInfo).port);
  return {
    url: url.href,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => proxy.close(done));
    },
  };
}

/** Divides what comes into whole messages; a message's length stands after its type, where it has one. */
function splitter(): (chunk: Buffer, offset: () => number) => Generator<Buffer> {
  let pending = Buffer.alloc(0);
  return function* split(chunk, offset) {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const at = offset();
      if (pending.length < at + 4) return;
      const length = at + pending.readInt32BE(at);
      if (pending.length < length) return;
      const message = pending.subarray(0, length);
      pending = pending.subarray(length);
      yield message;
    }
  };
}

/** Puts the answer into a statement that asks for the version. */
function answerVersion(message: Buffer, asked: { times: number; unanswered: string[] }): Buffer {
  const type = message.toString('latin1', 0, 1);
  const text = message.toString('latin1', 5);
  if (!'QP'.includes(type) || !text.includes('server_version')) return message;
  asked.times += 1;
  const answered = text
    .replaceAll("current_setting('server_version_num')", "'190000'")
    .replaceAll("current_setting('server_version')", "'19.0'");
  if (answered.includes('server_version')) asked.unanswered.push(text);
  return messageOf(type, answered);
}

/** What the server reports by itself when a session begins. */
function claimVersion(message: Buffer): Buffer {
  const isVersion = message.toString('latin1', 0, 1) === 'S' && message.includes('server_version\0');
  return isVersion ? messageOf('S', 'server_version\x0019.0\0') : message;
}

function messageOf(type: string, content: string): Buffer {
  const head = Buffer.from(`${type}\0\0\0\0`, 'latin1');
  head.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([head, Buffer.from(content, 'latin1')]);
}
