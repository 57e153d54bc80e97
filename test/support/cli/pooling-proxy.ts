import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that tells clients a process id of its own, as PgBouncer does. */
export interface PoolingProxy {
  readonly url: string;
  close(): Promise<void>;
}

export async function startPoolingProxy(serverUrl: string): Promise<PoolingProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.pipe(server);
    let pending = Buffer.alloc(0);
    server.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      // Message by message: type, then length with itself.
      while (pending.length >= 5 && pending.length > pending.readInt32BE(1)) {
        const message = pending.subarray(0, pending.readInt32BE(1) + 1);
        pending = pending.subarray(message.length);
        if (message.toString('latin1', 0, 1) === 'K') message.writeInt32BE(1_234_567, 5);
        client.write(message);
      }
    });
    server.on('close', () => client.end());
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const url = new URL(serverUrl);
  url.port = String((proxy.address() as { port: number }).port);
  return {
    url: url.href,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => proxy.close(done));
    },
  };
}
