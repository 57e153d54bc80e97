import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describeDatabase, dropDatabase, listRelations, listSessions } from '@pg-evict/core';
import { serverUrl } from '../support/server.js';

test('a server that accepts and says nothing is given up at the deadline, every time', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const target = { connection: { host: '127.0.0.1', port, user: 'nobody', password: 'x' }, database: 'app' };
  try {
    // A timer that fires a moment before the deadline made this hang in every other attempt.
    for (let timeoutMs = 50; timeoutMs < 80; timeoutMs += 1) {
      const outcomes = await Promise.allSettled([
        listSessions(target, { timeoutMs }),
        describeDatabase(target, { timeoutMs }),
        dropDatabase(target, { timeoutMs }),
      ]);
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } });
      }
    }
  } finally {
    server.close();
  }
});

test('nothing is asked of a server once the caller has aborted', async () => {
  const target = { connection: serverUrl(), database: 'nobodys' };
  const signal = AbortSignal.abort(new Error('enough'));
  for (const call of [listRelations, listSessions, describeDatabase, dropDatabase]) {
    await expect(call(target, { signal })).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringContaining('Aborted.'),
      cause: { message: 'enough' },
    });
  }
});
