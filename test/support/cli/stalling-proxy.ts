import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be made to stall: connections stay open and nothing comes through any more. */
export interface StallingProxy {
  readonly url: string;
  readonly stall: () => void;
  close(): Promise<void>;
}

export async function startStallingProxy(serverUrl: string): Promise<StallingProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let stalled = false;
  const proxy = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    if (stalled) return;
    const server = connect(Number(target.port), target.hostname);
    sockets.add(server);
    server.on('error', () => undefined);
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((proxy.address() as { port: number }).port);
  return {
    url: url.href,
    stall: () => {
      stalled = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => proxy.close(done));
    },
  };
}
