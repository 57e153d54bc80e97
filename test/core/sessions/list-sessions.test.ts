import { describeDatabase, listSessions, terminateSessions } from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { serverMajor, serverUrl, uniqueName, until, withClient } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('sessions are listed oldest first, with their activity and their blockers', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const idle = await openSession(url, 'idle');
  const active = await openSession(url, 'active');
  const holder = await openSession(url, 'idle in transaction');
  await holder.client.query('LOCK TABLE marker');
  const waiting = await openSession(url);
  waiting.client.query('SELECT * FROM marker').catch(() => undefined);
  const target = targetOf(database);
  await until(
    async () => (await listSessions(target)).some(({ blockedBy }) => blockedBy.length > 0),
    'one waits',
  );
  const sessions = await listSessions(target);
  expect(sessions).toMatchObject([
    { pid: idle.pid, user: 'postgres', state: 'idle', application: 'test idle', canTerminate: true },
    { pid: active.pid, state: 'active', query: 'SELECT pg_sleep(600)', waitEvent: 'Timeout:PgSleep' },
    { pid: holder.pid, state: 'idle in transaction', blockedBy: [] },
    { pid: waiting.pid, state: 'active', blockedBy: [holder.pid] },
  ]);
  for (const { since, startedAt, client, backendType } of sessions) {
    expect(since).toBeInstanceOf(Date);
    expect(startedAt).toBeInstanceOf(Date);
    expect(client).toBe('127.0.0.1');
    expect(backendType).toBe('client backend');
  }
  expect(await stillAtWork(target)).toEqual([]);
  await Promise.all([idle, active, holder, waiting].map(async (session) => session.close()));
});

test('values that the server hides from a role are null, and the sessions that it may not terminate are reported', async () => {
  const [role, other] = [await scratch.role(), await scratch.role()];
  const database = await scratch.database();
  const [own, foreign, superuser] = [
    await openSession(serverUrl({ database, user: role, password: role })),
    await openSession(serverUrl({ database, user: other, password: other })),
    await openSession(serverUrl({ database })),
  ];
  expect(await listSessions(targetOf(database, role))).toMatchObject([
    { pid: own.pid, user: role, state: 'idle', canTerminate: true },
    { pid: foreign.pid, user: other, state: null, query: null, client: null, canTerminate: false },
    { pid: superuser.pid, user: 'postgres', state: null, canTerminate: false },
  ]);
  await Promise.all([own, foreign, superuser].map(async (session) => session.close()));
});

test('a client lists the others on its database, or on one that is named', async () => {
  const [database, other] = [await scratch.database(), await scratch.database()];
  const session = await openSession(serverUrl({ database: other }));
  await withClient(serverUrl({ database }), async (client) => {
    expect(await listSessions(client)).toEqual([]);
    expect(await listSessions(client, { database: other })).toMatchObject([{ pid: session.pid }]);
  });
  await session.close();
});

test('a signal that was aborted before it began is respected', async () => {
  const target = targetOf(uniqueName('x'));
  const options = { signal: AbortSignal.abort() };
  expect(await failureOf(listSessions(target, options))).toMatchObject({ code: 'ABORTED' });
  expect(await failureOf(describeDatabase(target, options))).toMatchObject({ code: 'ABORTED' });
});

test('a wrong password is an error that does not show it', async () => {
  const url = serverUrl({ database: 'x', password: 'sesame-open' });
  const error = await failureOf(listSessions({ connection: url }));
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED', sqlState: '28P01' });
  expect(`${error.message} ${JSON.stringify(error)} ${String(error.stack)}`).not.toContain('sesame-open');
});

test('an unreachable server is an error within the deadline', async () => {
  const error = await failureOf(
    listSessions({ connection: 'postgres://u:sesame-open@127.0.0.1:1/x' }, { timeoutMs: 2000 }),
  );
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED' });
  expect(error.message).not.toContain('sesame-open');
});

describe('a description of a database', () => {
  test('shows what a person needs before answering', async () => {
    const owner = await scratch.role();
    const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
    const { port } = new URL(serverUrl());
    const description = await describeDatabase(targetOf(database));
    expect(description).toMatchObject({
      database,
      server: `127.0.0.1:${port}`,
      local: true,
      role: 'postgres',
      exists: true,
      owner,
    });
    expect(description.serverVersion).toMatch(new RegExp(`^${serverMajor}\\.`));
    expect(description.sizeBytes).toBeGreaterThan(1_000_000);
  });

  test('says that a database does not exist', async () => {
    const database = uniqueName('missing');
    expect(await describeDatabase(targetOf(database))).toMatchObject({
      database,
      exists: false,
      owner: null,
      sizeBytes: null,
    });
  });

  test('a size that the role may not see is null', async () => {
    const [role, database] = [await scratch.role(), await scratch.database()];
    await withClient(serverUrl(), async (client) =>
      client.query(`REVOKE CONNECT ON DATABASE "${database}" FROM PUBLIC`),
    );
    expect(await describeDatabase(targetOf(database, role))).toMatchObject({ exists: true, sizeBytes: null });
  });
});

test('a client that is gone fails with an error of ours, the driver’s underneath', async () => {
  const { client, close } = await openSession(serverUrl({ database: await scratch.database() }));
  await close();
  for (const call of [listSessions, terminateSessions]) {
    expect(await failureOf(call(client))).toMatchObject({
      code: 'CONNECTION_FAILED',
      cause: { message: expect.stringContaining('not queryable') },
    });
  }
});
