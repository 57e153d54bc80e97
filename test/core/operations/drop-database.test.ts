import { dropDatabase } from '@pg-evict/core';
import { Client } from 'pg';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName, until } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, pidsOf, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('a database with idle, active and in-transaction sessions is dropped, and each session is in the report', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const sessions = await Promise.all([
    openSession(url, 'idle'),
    openSession(url, 'active'),
    openSession(url, 'idle in transaction'),
  ]);
  const report = await dropDatabase({ connection: url });
  expect(await databaseExists(database)).toBe(false);
  expect(report).toMatchObject({ command: 'drop', database, changed: true, dryRun: false, denied: [] });
  expect(pidsOf(report.terminated)).toEqual(pidsOf(sessions));
  expect(new Set(report.terminated.map(({ state }) => state))).toEqual(
    new Set(['active', 'idle', 'idle in transaction']),
  );
  expect(await Promise.all(sessions.map(async ({ ended }) => ended))).toEqual(['57P01', '57P01', '57P01']);
});

test('fifty sessions are no reason to wait for a nap of the server to end', async () => {
  const database = await scratch.database();
  const sessions = await Promise.all(
    Array.from({ length: 50 }, async () => openSession(serverUrl({ database }))),
  );
  const report = await dropDatabase(targetOf(database));
  expect(report.terminated).toHaveLength(50);
  expect(report.durationMs).toBeLessThan(5000);
  expect(await Promise.all(sessions.map(async ({ ended }) => ended))).toEqual(Array(50).fill('57P01'));
});

test('a parallel query ends with its leader, and its workers stop nothing', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  await session.client.query(`CREATE TABLE big AS SELECT generate_series(1, 200000) AS n; ANALYZE big;
    SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0`);
  const query = session.client
    .query('SELECT count(*) FROM big WHERE pg_sleep(n * 0 + 0.01) IS NOT NULL')
    .catch((error: Error & { code?: string }) => error.code);
  await dropDatabase(targetOf(database));
  expect(await query).toBe('57P01');
  expect(await databaseExists(database)).toBe(false);
});

test('a client that hangs while it connects is ended as well', async () => {
  const database = await scratch.database();
  const straggler = new Client({
    connectionString: serverUrl({ database }),
    options: '-c post_auth_delay=20',
  });
  // The server may let it in for a moment before it ends it.
  const codes: (string | undefined)[] = [];
  const note = (error: Error & { code?: string }): void => void codes.push(error.code);
  straggler.on('error', note);
  straggler.connect().catch(note);
  await until(async () => {
    const rows = await ask(
      `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.objid AND l.classid = 'pg_database'::regclass
       WHERE d.datname = $1 AND l.mode = 'RowExclusiveLock'`,
      [database],
    );
    return rows.length > 0;
  }, 'it hangs');
  const report = await dropDatabase(targetOf(database));
  // It may be listed for a moment before it goes.
  expect(report.terminated.map(({ state }) => state)).toEqual([expect.stringMatching(/^(starting|idle)$/)]);
  expect(report.durationMs).toBeLessThan(5000);
  await until(async () => Promise.resolve(codes.includes('57P01')), 'it is ended');
});

test('only the sessions of that database are terminated', async () => {
  const [database, neighbour] = [await scratch.database(), await scratch.database()];
  const session = await openSession(serverUrl({ database: neighbour }));
  await dropDatabase(targetOf(database));
  expect(await alive([session.pid])).toEqual([session.pid]);
  expect((await session.client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await session.close();
});

test('a missing database is an error, and with ifExists nothing to do', async () => {
  const target = targetOf(uniqueName('missing'));
  const error = await failureOf(dropDatabase(target));
  expect(error).toMatchObject({ code: 'DATABASE_NOT_FOUND', database: target.database });
  expect(await dropDatabase(target, { ifExists: true })).toMatchObject({ changed: false, terminated: [] });
  expect(await stillAtWork(target)).toEqual([]);
});

test('a dry run lists the sessions that would be terminated, and terminates none', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }), 'idle in transaction');
  const report = await dropDatabase(targetOf(database), { dryRun: true });
  expect(report).toMatchObject({ changed: true, dryRun: true, blockers: [], denied: [] });
  expect(report.terminated).toMatchObject([{ pid: session.pid, state: 'idle in transaction' }]);
  expect(await alive([session.pid])).toEqual([session.pid]);
  expect(await databaseExists(database)).toBe(true);
  await session.close();
});

test('a database whose owner is somebody else stays, and the hint names the grant', async () => {
  const [database, role] = [await scratch.database(), await scratch.role()];
  const session = await openSession(serverUrl({ database }));
  const error = await failureOf(dropDatabase(targetOf(database, role)));
  expect(error.code).toBe('PERMISSION_DENIED');
  expect(error.hint).toContain(`TO "${role}"`);
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test.each([Infinity, 2 ** 31, 2 ** 31 - 1])(
  'as long as a number can say, it may take: %p ms',
  async (timeoutMs) => {
    const database = await scratch.database();
    expect(await dropDatabase(targetOf(database), { timeoutMs })).toMatchObject({ changed: true });
  },
);
