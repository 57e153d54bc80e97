import {
  cloneDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  terminateSessions,
  type OperationReport,
  type Target,
} from '@pg-evict/core';
import { openSession, type OpenSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl, uniqueName } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import {
  alive,
  markerOf,
  pidsOf,
  privateDatabasesFor,
  stillAtWork,
  targetOf,
} from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

interface Scene {
  readonly database: string;
  readonly second: string;
  readonly owner: string;
  readonly target: ReturnType<typeof targetOf>;
}

/** A database of an owner who is no superuser and has no pg_signal_backend. */
async function scene(): Promise<Scene> {
  const owner = await scratch.role('CREATEDB');
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  const second = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  return { database, second, owner, target: targetOf(database, owner) };
}

const sessionOf = async (database: string, user?: string): Promise<OpenSession> =>
  openSession(serverUrl({ database, ...(user === undefined ? {} : { user, password: user }) }));

const operations: Record<string, (target: Target, second: string) => Promise<OperationReport>> = {
  drop: async (target) => dropDatabase(target),
  rename: async (target) => renameDatabase(target, scratch.newName('renamed')),
  clone: async (target) => cloneDatabase(target, scratch.newName('clone')),
  'clone with settings': async (target) =>
    cloneDatabase(target, scratch.newName('clone'), { keepSettings: true }),
  swap: async (target, second) => swapDatabase(target, second),
  recreate: async (target) => recreateDatabase(target),
};

test.each(Object.keys(operations))(
  'a session of another role: no session is terminated, and the grant in the report makes it work: %s',
  async (name) => {
    const { database, second, owner, target } = await scene();
    const other = await scratch.role();
    const sessions = [await sessionOf(database, owner), await sessionOf(database, other)];
    const operate = async (): Promise<OperationReport | undefined> => operations[name]?.(target, second);
    const error = await failureOf(operate());
    const grant = `GRANT pg_signal_backend TO "${owner}";`;
    expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', database, terminated: [], hint: grant });
    expect(error.blockers).toMatchObject([
      {
        kind: 'session',
        name: String(sessions[1]?.pid),
        detail: expect.stringContaining(`"${other}"`),
        remedy: grant,
        session: { pid: sessions[1]?.pid, user: other, canTerminate: false },
      },
    ]);
    expect(error.message).toContain(grant);
    expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
    expect(await stillAtWork(target)).toEqual([]);
    expect(await markerOf(database)).toBe('old');

    await ask(grant);
    const report = await operate();
    expect(report).toMatchObject({ changed: true });
    expect(pidsOf(report?.terminated ?? [])).toEqual(pidsOf(sessions));
    expect(await Promise.all(sessions.map(async ({ ended }) => ended))).toEqual(['57P01', '57P01']);
  },
);

describe.each([
  ['of others', ''],
  ['of a role whose privileges ours does not inherit', 'NOINHERIT'],
])('a database %s', (_who, inheritance) => {
  test.each(Object.keys(operations))('is refused before any session is terminated: %s', async (name) => {
    const { database, second, owner } = await scene();
    const me = await scratch.role(`CREATEDB ${inheritance}`);
    if (inheritance !== '') await ask(`GRANT "${owner}" TO "${me}"`);
    const session = await sessionOf(database, me);
    const target = targetOf(database, me);
    const error = await failureOf(operations[name]?.(target, second) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', database, terminated: [] });
    expect(error.message).toContain(`"${owner}"`);
    // Nothing that the server would have refused was begun: it would have ended this one.
    expect(error.sqlState).toBeNull();
    expect(await alive([session.pid])).toEqual([session.pid]);
    expect(await privateDatabasesFor(database)).toEqual([]);
    await session.close();
  });
});

test("a superuser's session: pg_signal_backend is not enough, and the report says what is", async () => {
  const { database, owner, target } = await scene();
  await ask(`GRANT pg_signal_backend TO "${owner}"`);
  const [own, superuser] = [await sessionOf(database, owner), await sessionOf(database)];
  const error = await failureOf(dropDatabase(target));
  expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [] });
  expect(error.blockers).toMatchObject([
    { session: { pid: superuser.pid }, detail: expect.stringContaining('superuser') },
  ]);
  expect(error.hint).toMatch(/Connect as a superuser/);
  const pids = pidsOf([own, superuser]);
  expect(await alive(pids)).toEqual(pids);
  await superuser.close();
  expect((await dropDatabase(target)).terminated).toMatchObject([{ pid: own.pid }]);
});

test('each of several sessions that may not be terminated is reported', async () => {
  const { database, target } = await scene();
  const [one, two] = [await scratch.role(), await scratch.role()];
  const sessions = [
    await sessionOf(database, one),
    await sessionOf(database, two),
    await sessionOf(database),
  ];
  const error = await failureOf(renameDatabase(target, uniqueName('to')));
  expect(pidsOf(error.blockers.map(({ session }) => session as { pid: number }))).toEqual(pidsOf(sessions));
  expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
  await Promise.all(sessions.map(async (session) => session.close()));
});

test('sessions of roles the owner is a member of can be ended without any grant', async () => {
  const { database, owner, target } = await scene();
  const group = await scratch.role();
  await ask(`GRANT "${group}" TO "${owner}"`);
  const session = await sessionOf(database, group);
  expect((await dropDatabase(target)).terminated).toMatchObject([{ pid: session.pid }]);
});

test('those of a role whose privileges are not inherited cannot, and the report says so', async () => {
  const { database, owner, target } = await scene();
  const group = await scratch.role();
  await ask(`ALTER ROLE "${owner}" NOINHERIT; GRANT "${group}" TO "${owner}"`);
  const [own, session] = [await sessionOf(database, owner), await sessionOf(database, group)];
  const { terminated, denied } = await terminateSessions(target);
  expect(pidsOf(terminated)).toEqual([own.pid]);
  expect(denied).toMatchObject([{ session: { pid: session.pid, user: group } }]);
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('a session that may not be terminated and connects during a recreate keeps the old database', async () => {
  const { database, owner, target } = await scene();
  const own = await sessionOf(database, owner);
  let superuser: OpenSession | undefined;
  const error = await failureOf(
    recreateDatabase(target, {
      onStep: async (step) => {
        if (step === 'settings-applied') superuser = await sessionOf(database);
      },
    }),
  );
  expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [] });
  expect(error.blockers).toMatchObject([{ session: { pid: superuser?.pid } }]);
  const pids = pidsOf([own, superuser as OpenSession]);
  expect(await alive(pids)).toEqual(pids);
  expect(await markerOf(database)).toBe('old');
  expect(await privateDatabasesFor(database)).toEqual([]);
  await Promise.all([own.close(), superuser?.close()]);
});

test('if a session on the template may not be terminated, the recreate terminates none', async () => {
  const { database, second, owner, target } = await scene();
  const sessions = [await sessionOf(database, owner), await sessionOf(second)];
  const error = await failureOf(recreateDatabase(target, { template: second }));
  expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [] });
  expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
  expect(await markerOf(database)).toBe('old');
  await Promise.all(sessions.map(async (session) => session.close()));
});

test('a dry run reports the sessions that would be terminated and those that may not be', async () => {
  const { database, owner, target } = await scene();
  const other = await scratch.role();
  const [own, foreign] = [await sessionOf(database, owner), await sessionOf(database, other)];
  const report = await recreateDatabase(target, { dryRun: true });
  expect(report).toMatchObject({
    dryRun: true,
    terminated: [{ pid: own.pid }],
    denied: [{ session: { pid: foreign.pid }, remedy: `GRANT pg_signal_backend TO "${owner}";` }],
    blockers: [{ kind: 'session', name: String(foreign.pid) }],
  });
  const pids = pidsOf([own, foreign]);
  expect(await alive(pids)).toEqual(pids);
  await Promise.all([own.close(), foreign.close()]);
});

test('terminating ends the sessions that it may, and reports the others', async () => {
  const { database, owner, target } = await scene();
  const other = await scratch.role();
  const sessions = [
    await sessionOf(database, owner),
    await sessionOf(database, other),
    await sessionOf(database),
  ];
  const report = await terminateSessions(target);
  expect(report.terminated).toMatchObject([{ pid: sessions[0]?.pid }]);
  expect(report.denied).toMatchObject([
    { session: { pid: sessions[1]?.pid, user: other }, remedy: `GRANT pg_signal_backend TO "${owner}";` },
    { session: { pid: sessions[2]?.pid }, reason: expect.stringContaining('superuser') },
  ]);
  expect(report.remaining).toEqual([]);
  await Promise.all(sessions.map(async (session) => session.close()));
});

test('a session id is refused where the role cannot see the start of the session, and the pid is not', async () => {
  const role = await scratch.role();
  await ask(`GRANT pg_signal_backend TO "${role}"`);
  const database = await scratch.database();
  const other = await scratch.role();
  const session = await sessionOf(database, other);
  const [row] = await ask<{ id: string }>(
    `SELECT to_hex(trunc(extract(epoch FROM backend_start))::bigint) || '.' || to_hex(pid) AS id
     FROM pg_stat_activity WHERE pid = $1`,
    [session.pid],
  );
  const target = targetOf(database, role);
  const error = await failureOf(terminateSessions(target, { filter: { sessions: [row?.id ?? ''] } }));
  expect(error).toMatchObject({ code: 'REFUSED', hint: expect.stringContaining('pg_read_all_stats') });
  expect(error.message).toContain(`cannot see when session ${session.pid} started`);
  const report = await terminateSessions(target, { filter: { sessions: [session.pid] } });
  expect(pidsOf(report.terminated)).toEqual([session.pid]);
});
