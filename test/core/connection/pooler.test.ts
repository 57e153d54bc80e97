import { examineConnection, recreateDatabase } from '@pg-evict/core';
import { describeWithPgbouncer, startPgbouncer } from '../../support/pgbouncer.js';
import { Scratch } from '../../support/scratch.js';
import { openSession } from '../../support/sessions.js';
import { ask, serverUrl, withClient } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

describeWithPgbouncer('through pgbouncer', () => {
  test('a pooler in transaction mode is refused before any session is terminated', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const pgbouncer = await startPgbouncer('transaction');
    try {
      await expect(recreateDatabase({ connection: pgbouncer.url(database) })).rejects.toMatchObject({
        code: 'REFUSED',
        hint: expect.stringContaining('session mode') as string,
      });
      expect(await ask('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database])).toEqual([
        { pid: session.pid },
      ]);
      expect(await examineConnection({ connection: pgbouncer.url(database) })).toMatchObject({
        pooler: true,
      });
    } finally {
      await pgbouncer.stop();
      await session.close();
    }
  });

  test('through a pooler in session mode a database is recreated like any other', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const pgbouncer = await startPgbouncer('session');
    try {
      const report = await recreateDatabase({ connection: pgbouncer.url(database) });
      expect(report.terminated.map(({ pid }) => pid)).toEqual([session.pid]);
      const tables = withClient(serverUrl({ database }), async (client) =>
        client.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`),
      );
      expect((await tables).rows).toEqual([]);
    } finally {
      await pgbouncer.stop();
    }
  });

  test('one that has no alias for the maintenance database says so', async () => {
    const database = await scratch.database();
    const pgbouncer = await startPgbouncer('session', { [database]: `dbname=${database}` });
    try {
      await expect(recreateDatabase({ connection: pgbouncer.url(database) })).rejects.toMatchObject({
        code: 'CONNECTION_FAILED',
        hint: 'PgBouncer says so: it has no alias for this database. Connect to the server itself.',
      });
    } finally {
      await pgbouncer.stop();
    }
  });
});

test('a direct connection is not mistaken for a pooler', async () => {
  expect(await examineConnection({ connection: serverUrl() })).toMatchObject({ pooler: false });
});
