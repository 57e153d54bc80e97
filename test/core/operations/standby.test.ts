import {
  cloneDatabase,
  dropDatabase,
  examineConnection,
  isPgEvictError,
  listSessions,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  terminateSessions,
  withExclusiveAccess,
  type Target,
} from '@pg-evict/core';
import { markerOf, pidsOf } from '../../support/core/target.js';
import { consume, createSlot } from '../../support/replication.js';
import { failureOf } from '../../support/core/failure.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, withClient } from '../../support/server.js';
import { openSession, type OpenSession } from '../../support/sessions.js';
import { startStandby, type Standby } from '../../support/standby.js';

// A primary of its own, with a streaming replica that readers are on.
const scratch = new Scratch();
let standby: Standby;
const readers: OpenSession[] = [];
afterEach(async () => {
  await Promise.all(readers.splice(0).map(async (reader) => reader.close()));
});
afterAll(async () => {
  await standby.stop();
  await scratch.cleanUp();
});
const server = useOwnServer();
beforeAll(async () => {
  standby = await startStandby(server(), { hot_standby_feedback: 'on' });
});

async function replicated(): Promise<string> {
  const database = await scratch.database();
  await standby.catchUp();
  return database;
}

async function readerOf(database: string): Promise<OpenSession> {
  const reader = await openSession(standby.url(database));
  readers.push(reader);
  return reader;
}

const on = (database: string, url = serverUrl()): Target => ({ connection: url, database });

test('the standby streams from its slot, and has what the primary has', async () => {
  const database = await replicated();
  expect(await markerOf(database, standby.url())).toBe('old');
  expect(
    await ask('SELECT active FROM pg_replication_slots WHERE slot_name = $1 AND slot_type = $2', [
      standby.slot,
      'physical',
    ]),
  ).toEqual([{ active: true }]);
});

test.each(['drop', 'recreate'] as const)(
  '%s waits for no reader on the standby, in a transaction or not; it is ended there when the drop is replayed',
  async (name) => {
    const database = await replicated();
    const [idle, busy] = [await readerOf(database), await readerOf(database)];
    await busy.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM marker');
    const report = await (name === 'drop' ? dropDatabase(on(database)) : recreateDatabase(on(database)));
    expect(report).toMatchObject({ changed: true, terminated: [], standbys: [{ name: expect.any(String) }] });
    await standby.catchUp();
    expect([await idle.ended, await busy.ended]).toEqual(['57P04', '57P04']);
    expect(await databaseExists(database)).toBe(name === 'recreate');
  },
);

test('the standby is named in a dry run, to a role without privileges, and in the facts of the connection; not where nothing is dropped', async () => {
  const owner = await scratch.role('CREATEDB');
  const database = await scratch.database(undefined, `OWNER "${owner}"`);
  const target = on(database, serverUrl({ user: owner, password: owner }));
  const named = [{ name: expect.any(String) }];
  expect(await dropDatabase(target, { dryRun: true })).toMatchObject({ standbys: named });
  expect(await recreateDatabase(target, { dryRun: true })).toMatchObject({ standbys: named });
  expect(await examineConnection(target)).toMatchObject({ standbys: named });
  const keepOldAs = scratch.newName('kept');
  expect(await recreateDatabase(target, { keepOldAs })).toMatchObject({ standbys: [] });
  expect(await renameDatabase(target, scratch.newName())).toMatchObject({ standbys: [] });
});

test('neither a base backup nor a consumer of logical changes is mistaken for a standby', async () => {
  const database = await scratch.database();
  const slot = await createSlot(serverUrl({ database }));
  const consumer = await consume(serverUrl({ database }), slot);
  const { standbys } = await examineConnection(on(database));
  expect(standbys).toHaveLength(1);
  await consumer.close();
  await dropDatabase(on(database), { dropSlots: true });
});

test('while replay is paused a reader stays, and what was dropped is there; it goes when replay does', async () => {
  const database = await replicated();
  const reader = await readerOf(database);
  await standby.pauseReplay();
  try {
    expect(await dropDatabase(on(database))).toMatchObject({ changed: true });
    expect((await reader.client.query('SELECT content FROM marker')).rows).toEqual([{ content: 'old' }]);
  } finally {
    await standby.resumeReplay();
  }
  await standby.catchUp();
  expect(await reader.ended).toBe('57P04');
});

test.each(['rename', 'swap', 'clone', 'exclusive access'] as const)(
  '%s leaves readers on the standby alone',
  async (name) => {
    const database = await replicated();
    const reader = await readerOf(database);
    const to = scratch.newName();
    await {
      rename: async () => renameDatabase(on(database), to),
      swap: async () => swapDatabase(on(database), await scratch.database()),
      clone: async () => cloneDatabase(on(database), to),
      'exclusive access': async () => withExclusiveAccess(on(database), () => undefined),
    }[name]();
    await standby.catchUp();
    expect((await reader.client.query('SELECT content FROM marker')).rows).toEqual([{ content: 'old' }]);
  },
);

test('neither the slot nor the standby’s walsender stands in the way, and no operation ends them', async () => {
  const walsender = async (): Promise<object[]> =>
    ask("SELECT pid FROM pg_stat_replication WHERE state = 'streaming'");
  const before = await walsender();
  const database = await replicated();
  await recreateDatabase(on(database));
  await dropDatabase(on(database));
  expect(before).toHaveLength(1);
  expect(await walsender()).toEqual(before);
});

test('pointed at the standby, sessions are listed and terminated; every other operation is refused without terminating any', async () => {
  const database = await replicated();
  const [reader, other] = [await readerOf(database), await readerOf(database)];
  const target = on(database, standby.url());
  const pids = pidsOf(await listSessions(target));
  expect(pids).toEqual(pidsOf([reader, other]));
  const refused = [
    await failureOf(dropDatabase(target)),
    await failureOf(recreateDatabase(target)),
    await failureOf(renameDatabase(target, scratch.newName())),
    await failureOf(withExclusiveAccess(target, () => undefined)),
  ];
  for (const error of refused) {
    expect(isPgEvictError(error)).toBe(true);
    expect(error).toMatchObject({ code: 'REFUSED', terminated: [] });
    expect(`${error.message} ${error.hint}`).toContain('standby');
  }
  await reader.client.query('SELECT');
  expect(await terminateSessions(target)).toMatchObject({ remaining: [] });
  expect([await reader.ended, await other.ended]).toEqual(['57P01', '57P01']);
  await withClient(standby.url(database), async (client) => client.query('SELECT FROM marker'));
});

test('without hot_standby_feedback it is the same: a rename leaves readers alone, a drop ends them', async () => {
  const set = async (value: 'on' | 'off'): Promise<void> =>
    withClient(standby.url('postgres'), async (client) => {
      await client.query(`ALTER SYSTEM SET hot_standby_feedback = ${value}`);
      await client.query('SELECT pg_reload_conf()');
    });
  const database = await replicated();
  await set('off');
  try {
    const reader = await readerOf(database);
    await reader.client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM marker');
    const to = scratch.newName();
    await renameDatabase(on(database), to);
    await standby.catchUp();
    expect((await reader.client.query('SELECT content FROM marker')).rows).toEqual([{ content: 'old' }]);
    // What is kept for an undo is not dropped: the reader stays with it.
    const { kept } = await recreateDatabase(on(to), { undoMs: 3_600_000 });
    await standby.catchUp();
    expect((await reader.client.query('SELECT content FROM marker')).rows).toEqual([{ content: 'old' }]);
    await dropDatabase(on(kept?.database ?? ''));
    await standby.catchUp();
    expect(await reader.ended).toBe('57P04');
  } finally {
    await set('on');
  }
});
