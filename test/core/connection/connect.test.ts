import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describeDatabase, dropDatabase, listRelations, listSessions } from '@pg-evict/core';
import { Scratch } from '../../support/scratch.js';
import {
  ask,
  databaseExists,
  quote,
  serverUrl,
  uniqueName,
  until,
  withClient,
} from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

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

test("a role that may have no more connections is told of its own limit, not of the server's", async () => {
  const role = await scratch.role('CONNECTION LIMIT 0');
  const connection = serverUrl({ user: role, password: role });
  expect(await failureOf(listSessions({ connection, database: 'postgres' }))).toMatchObject({
    code: 'CONNECTION_FAILED',
    hint: expect.stringContaining('CONNECTION LIMIT') as string,
  });
});

test('the settings of a role do not disturb our sessions', async () => {
  const role = await scratch.role('CREATEDB');
  const database = await scratch.database(uniqueName('db'), `OWNER "${role}"`);
  await ask(`ALTER ROLE "${role}" SET default_transaction_read_only = on`);
  await ask(`ALTER ROLE "${role}" SET statement_timeout = '2s'`);
  const target = targetOf(database, role);
  await withClient(serverUrl(), async (client) => {
    await client.query(`BEGIN; COMMENT ON DATABASE ${quote(database)} IS 'x'`);
    const running = dropDatabase(target);
    const hasWaited = async (): Promise<boolean> =>
      (
        await ask(
          `SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock' AND state = 'active'
             AND clock_timestamp() - query_start > interval '2500 ms'`,
          [target.connection.application_name],
        )
      ).length > 0;
    await Promise.race([running, until(hasWaited, 'it has waited for longer than the role may')]);
    await client.query('ROLLBACK');
    expect(await running).toMatchObject({ changed: true });
  });
  expect(await databaseExists(database)).toBe(false);
});
