import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { listSessions, recreateDatabase } from '@pg-evict/core';
import { runCliJson } from '../../support/cli/run-cli.js';
import { failureOf } from '../../support/core/failure.js';

/** AuthenticationGSS, AuthenticationSSPI, AuthenticationKerberosV5, and one that nobody knows. */
test.each([7, 9, 2, 77])(
  'a way to log in that node-postgres does not know (%i) is an error that can be caught',
  async (method) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        const message = Buffer.alloc(9);
        message.write('R');
        message.writeInt32BE(8, 1);
        message.writeInt32BE(method, 5);
        socket.write(message);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const target = { connection: `postgres://app:secret@127.0.0.1:${port}/app` };
    const cli = await runCliJson(['sessions'], { DATABASE_URL: target.connection });
    expect(cli).toMatchObject({ code: 6, document: { error: { code: 'CONNECTION_FAILED' } } });
    for (const operating of [listSessions(target), recreateDatabase(target)]) {
      const error = await failureOf(operating);
      expect(error).toMatchObject({ code: 'CONNECTION_FAILED' });
      expect(error.message).not.toContain('secret');
    }
    server.close();
  },
);

test('a server that accepts several statements as one is refused, and the message says why', async () => {
  const server = createServer((socket) => {
    const complete = 'C\0\0\0\rSELECT 0\0';
    const ready = 'Z\0\0\0\x05I';
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(`R\0\0\0\x08\0\0\0\0${ready}`);
      socket.on('data', () => socket.write(complete + ready));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const error = await failureOf(listSessions({ connection: `postgres://app:secret@127.0.0.1:${port}/app` }));
  expect(error).toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('it does not answer as PostgreSQL does') as unknown,
  });
  server.close();
});
