import {
  cloneDatabase,
  diagnose,
  dropDatabase,
  listSessions,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  terminateSessions,
  withExclusiveAccess,
  type Session,
  type Target,
} from '@pg-evict/core';
import { useOwnServer } from '../../support/own-server.js';
import { openSession, type OpenSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, uniqueName, until, withClient } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, pidsOf, targetOf } from '../../support/core/target.js';

// pg_prewarm is an extension that PostgreSQL brings along. After a start its leader has a worker read the tables of one
// database after the other back into memory; where a table is locked, the worker waits for it, connected to the database.
// In the first of them the lock is that of a prepared transaction, which outlasts the restart.
const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const server = useOwnServer({ shared_preload_libraries: 'pg_prewarm' });

type Ended = readonly Pick<Session, 'pid' | 'backendType'>[];
const operations: Record<string, (target: Target) => Promise<{ terminated: Ended }>> = {
  terminate: async (target) => terminateSessions(target),
  clone: async (target) => cloneDatabase(target, scratch.newName('to')),
  swap: async (target) => swapDatabase(target, await scratch.database()),
  recreate: async (target) => recreateDatabase(target),
  'exclusive access': async (target) => withExclusiveAccess(target, () => undefined),
  rename: async (target) => renameDatabase(target, scratch.newName('to')),
  drop: async (target) => dropDatabase(target),
};
const names = Object.keys(operations);

/** One database for each, in the order in which the leader comes to them: by oid. */
const databases: string[] = [];
let owner: string;
const holders: OpenSession[] = [];
afterAll(async () => Promise.all(holders.map(async (holder) => holder.close())));

beforeAll(async () => {
  owner = await scratch.role('CREATEDB');
  await ask('CREATE EXTENSION pg_prewarm');
  const first = await warmDatabase();
  for (const _ of names) databases.push(await warmDatabase());
  await ask('SELECT autoprewarm_dump_now()');
  await withClient(serverUrl({ database: first }), async (client) =>
    client.query(`BEGIN; LOCK TABLE warm IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION 'lock'`),
  );
  await server().restart();
  await workerOn(first);
  for (const database of databases) {
    const holder = await openSession(serverUrl({ database }));
    await holder.client.query('BEGIN; LOCK TABLE warm IN ACCESS EXCLUSIVE MODE');
    holders.push(holder);
  }
  await withClient(serverUrl({ database: first }), async (client) =>
    client.query(`ROLLBACK PREPARED 'lock'`),
  );
});

/** A database with a table to be read back. */
async function warmDatabase(): Promise<string> {
  const database = await scratch.database(uniqueName('db'), `OWNER ${quote(owner)}`);
  await withClient(serverUrl({ database }), async (client) =>
    client.query('CREATE TABLE warm AS SELECT generate_series(1, 1000) AS a'),
  );
  return database;
}

/** The worker on a database, once it is there. */
async function workerOn(database: string): Promise<number> {
  let pid = 0;
  await until(async () => {
    const rows = await ask<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity
       WHERE datname = $1 AND backend_type = 'autoprewarm worker' AND wait_event_type = 'Lock'`,
      [database],
    );
    pid = rows[0]?.pid ?? 0;
    return pid !== 0;
  }, 'the worker waits for the table');
  return pid;
}

test.each(names)('a worker of an extension is named, and terminated like others: %s', async (name) => {
  const database = databases[names.indexOf(name)] ?? '';
  const holder = holders[names.indexOf(name)] as OpenSession;
  const target = targetOf(database);
  const pid = await workerOn(database);
  const { blockers, standing } = await diagnose(target);
  expect(standing).toEqual([]);
  expect(blockers).toContainEqual(
    expect.objectContaining({
      kind: 'background-worker',
      name: String(pid),
      detail: `Background process ${pid} (autoprewarm worker) is on the database.`,
    }),
  );
  expect(blockers).toContainEqual(expect.objectContaining({ kind: 'session', name: String(holder.pid) }));
  expect(await listSessions(target, { filter: { backendType: 'autoprewarm*' } })).toMatchObject([{ pid }]);

  // It runs as the superuser who installed the cluster, so nobody else may end it.
  const failing = name === 'drop' ? dropDatabase : recreateDatabase;
  const error = await failureOf(failing(targetOf(database, owner)));
  expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [] });
  expect(error.blockers.map((blocker) => blocker.name).toSorted()).toEqual(
    [pid, holder.pid].map(String).toSorted(),
  );
  expect(await alive([pid])).toEqual([pid]);

  // The worker would be through with the table as soon as its holder is ended; so he is slow to end.
  process.kill(holder.pid, 'SIGSTOP');
  const running = operations[name]?.(target);
  try {
    await until(async () => (await alive([pid])).length === 0, 'the worker is gone');
  } finally {
    process.kill(holder.pid, 'SIGCONT');
  }
  const terminated = (await running)?.terminated ?? [];
  expect(terminated).toContainEqual(
    expect.objectContaining({ pid, backendType: 'autoprewarm worker', user: 'postgres' }),
  );
  expect(pidsOf(terminated)).toEqual(pidsOf([{ pid }, holder]));
});
