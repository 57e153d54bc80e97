import { listSessions, terminateSessions } from '@pg-evict/core';
import { Pool } from 'pg';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { serverUrl, uniqueName, withClient } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, pidsOf, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('all other sessions are terminated, whatever they do, and are gone when it returns', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const sessions = await Promise.all(
    [...Array(20).keys()].map(async (index) =>
      openSession(url, (['idle', 'active', 'idle in transaction'] as const)[index % 3]),
    ),
  );
  const target = targetOf(database);
  const report = await terminateSessions(target);
  expect(report).toMatchObject({ database, denied: [], remaining: [], dryRun: false });
  expect(pidsOf(report.terminated)).toEqual(pidsOf(sessions));
  expect(await alive(pidsOf(sessions))).toEqual([]);
  expect(await Promise.all(sessions.map(async ({ ended }) => ended))).toEqual(Array(20).fill('57P01'));
  expect(await stillAtWork(target)).toEqual([]);
});

test('without sessions there is nothing to do', async () => {
  const database = await scratch.database();
  expect(await terminateSessions(targetOf(database))).toMatchObject({ terminated: [], remaining: [] });
});

test('a database that does not exist is an error', async () => {
  const error = await failureOf(terminateSessions(targetOf(uniqueName('missing'))));
  expect(error.code).toBe('DATABASE_NOT_FOUND');
});

test('a dry run terminates no session', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  expect(await terminateSessions(targetOf(database), { dryRun: true })).toMatchObject({
    dryRun: true,
    terminated: [{ pid: session.pid }],
  });
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('a client terminates the other sessions on its own database, and stays', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const session = await openSession(url);
  await withClient(url, async (client) => {
    const report = await terminateSessions(client);
    expect(report).toMatchObject({ database, terminated: [{ pid: session.pid }] });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
  expect(await alive([session.pid])).toEqual([]);
});

test('a client terminates the sessions of another database that is named', async () => {
  const [database, other] = [await scratch.database(), await scratch.database()];
  const session = await openSession(serverUrl({ database: other }));
  await withClient(serverUrl({ database }), async (client) => {
    expect(await terminateSessions(client, { database: other })).toMatchObject({
      database: other,
      terminated: [{ pid: session.pid }],
    });
  });
});

test('a client in a transaction sees the current sessions, and its transaction continues', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  await withClient(url, async (client) => {
    await client.query('BEGIN; CREATE TABLE mine (a int)');
    expect(await listSessions(client)).toEqual([]);
    const session = await openSession(url);
    expect(await terminateSessions(client)).toMatchObject({
      terminated: [{ pid: session.pid }],
      remaining: [],
    });
    expect(await session.ended).toBe('57P01');
    const second = await openSession(url);
    expect(await listSessions(client)).toMatchObject([{ pid: second.pid }]);
    await second.close();
    await client.query('COMMIT');
    expect((await client.query(`SELECT to_regclass('mine') IS NOT NULL AS there`)).rows).toEqual([
      { there: true },
    ]);
  });
});

test("a pool works as well; sessions of the pool's other clients are ended like anybody's", async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const session = await openSession(url);
  const pool = new Pool({ connectionString: url, max: 3 });
  const broken: unknown[] = [];
  pool.on('error', (error) => broken.push(error));
  const report = await terminateSessions(pool);
  expect(report).toMatchObject({ database, remaining: [] });
  expect(pidsOf(report.terminated)).toContain(session.pid);
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await pool.end();
});

test('a signal that was aborted before it began: no session is terminated', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const options = { signal: AbortSignal.abort() };
  expect(await failureOf(terminateSessions(targetOf(database), options))).toMatchObject({ code: 'ABORTED' });
  await withClient(serverUrl({ database }), async (client) => {
    expect(await failureOf(terminateSessions(client, options))).toMatchObject({ code: 'ABORTED' });
  });
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('a failed transaction is named as the reason', async () => {
  const database = await scratch.database();
  await withClient(serverUrl({ database }), async (client) => {
    await client.query('BEGIN');
    await client.query('SELECT 1 / 0').catch(() => undefined);
    const error = await failureOf(terminateSessions(client, { database }));
    expect(error.message).toMatch(/transaction/);
  });
});

test('a pipe that breaks is a lost connection: Node’s code for it looks like a SQLSTATE', async () => {
  const query = async (): Promise<never> =>
    Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  const error = await failureOf(terminateSessions({ query }, { database: uniqueName('nobodys') }));
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED', sqlState: null });
});
