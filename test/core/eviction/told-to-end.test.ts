import {
  cloneDatabase,
  diagnose,
  dropDatabase,
  findLeftovers,
  recreateDatabase,
  renameDatabase,
  type OperationReport,
  type Target,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { pidsOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverMajor, serverUrl, until } from '../../support/server.js';
import { openSession, useSessions, type OpenSession } from '../../support/sessions.js';
import { StoppedProcesses } from '../../support/stopped-processes.js';

// A stopped process holds up every DROP DATABASE of its server, so this has one of its own.
const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
useOwnServer();
const stopped = new StoppedProcesses();
const sessionOn = useSessions();

/** Since 15, DROP DATABASE waits for every process of the server. */
const since15 = serverMajor >= 15;

const operations: Record<string, (target: Target, options: object) => Promise<OperationReport>> = {
  drop: dropDatabase,
  rename: async (target, options) => renameDatabase(target, scratch.newName(), options),
  clone: async (target, options) => cloneDatabase(target, scratch.newName(), options),
  recreate: recreateDatabase,
};

async function stoppedOn(database: string): Promise<OpenSession> {
  const session = await sessionOn(database);
  stopped.stop(session.pid);
  return session;
}

test.each(Object.keys(operations))(
  'of two sessions, ended is said of the one that has, and of the stopped one that it has not: %s',
  async (name) => {
    const database = await scratch.database();
    const [stuck, other] = [await stoppedOn(database), await sessionOn(database)];
    const operate = operations[name];
    const error = await failureOf(operate?.(targetOf(database), { timeoutMs: 5000 }) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'SESSIONS_REMAIN' });
    expect(pidsOf(error.terminated)).toEqual([other.pid]);
    expect(error.blockers).toMatchObject([{ kind: 'session', name: String(stuck.pid) }]);
  },
);

test.each([60, 250])(
  'nobody is said to have ended who has not, however short the deadline is: %i ms',
  async (timeoutMs) => {
    const database = await scratch.database();
    const stuck = await stoppedOn(database);
    const error = await failureOf(renameDatabase(targetOf(database), scratch.newName(), { timeoutMs }));
    expect(error.terminated).toEqual([]);
    // Where there was no time to look, nothing is claimed.
    const [blocker] = error.blockers;
    expect({ code: error.code, name: blocker?.name }).toEqual(
      blocker === undefined
        ? { code: 'TIMEOUT', name: undefined }
        : { code: 'SESSIONS_REMAIN', name: String(stuck.pid) },
    );
  },
);

test('after an abort, too, sessions that were told to terminate and still exist are named', async () => {
  const database = await scratch.database();
  const [stuck, other] = [await stoppedOn(database), await sessionOn(database)];
  const controller = new AbortController();
  const failing = failureOf(
    renameDatabase(targetOf(database), scratch.newName(), { signal: controller.signal }),
  );
  await other.ended;
  controller.abort();
  const error = await failing;
  expect(error).toMatchObject({ code: 'ABORTED' });
  expect(pidsOf(error.terminated)).toEqual([other.pid]);
  expect(error.message).toContain(`Told to terminate, and still there: ${stuck.pid}.`);
});

(since15 ? describe : describe.skip)('since 15', () => {
  test('a database that a failed recreate made and cannot drop is in the error, and is found once', async () => {
    const database = await scratch.database();
    const stuck = await stoppedOn(database);
    const error = await failureOf(recreateDatabase(targetOf(database), { timeoutMs: 5000 }));
    const left = await privateDatabasesFor(database);
    expect(left).toHaveLength(1);
    expect(error.leftovers.map((each) => each.database)).toEqual(left);
    expect(error.message).toContain(`"${left[0] ?? ''}" could not be dropped and is left aside`);
    const found = await findLeftovers(targetOf(database));
    expect(found.filter(({ of }) => of === database)).toMatchObject([{ database: left[0] }]);
    stopped.goOn(stuck.pid);
    expect(await recreateDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
    expect(await privateDatabasesFor(database)).toEqual([]);
  });

  /** A process that comes while a drop has its lock, and is stopped before it has answered to anybody. */
  async function stoppedWhileItStarts(
    database: string,
    user: string,
  ): Promise<{ pid: number; gone: Promise<unknown> }> {
    const holds = `FROM pg_locks WHERE classid = 'pg_database'::regclass AND database = 0`;
    await until(
      async () => (await ask(`SELECT ${holds} AND granted AND mode = 'AccessExclusiveLock'`)).length > 0,
      'the drop has its lock',
    );
    const gone = openSession(serverUrl({ database, user, password: user })).catch((error: unknown) => error);
    let pid = Number.NaN;
    await until(async () => {
      const [waiting] = await ask<{ pid: number }>(
        `SELECT pid ${holds} AND NOT granted AND mode = 'RowExclusiveLock'`,
      );
      pid = waiting?.pid ?? pid;
      return waiting !== undefined;
    }, 'it waits for the lock');
    stopped.stop(pid);
    return { pid, gone };
  }

  test('a process that is on no list and does not answer is named by the event that it waits for', async () => {
    const owner = await scratch.role();
    const database = await scratch.database(undefined, `OWNER "${owner}"`);
    const keeper = await sessionOn(database, { user: owner });
    stopped.stop(keeper.pid);
    // It may not rename, so DROP is what has the lock.
    const target = targetOf(database, owner);
    const failing = failureOf(dropDatabase(target, { timeoutMs: 12_000 }));
    const { pid, gone } = await stoppedWhileItStarts(database, owner);
    stopped.goOn(keeper.pid);
    await until(
      async () =>
        (await ask(`SELECT FROM pg_stat_activity WHERE wait_event = 'ProcSignalBarrier'`)).length > 0,
      'the drop waits for it',
    );
    const { standing } = await diagnose(target);
    expect(standing.map(({ kind, name }) => `${kind} ${name}`)).toContain(`stuck-backend ${pid}`);
    const error = await failing;
    expect(error).toMatchObject({ code: 'BLOCKED' });
    expect(error.blockers).toMatchObject([
      { kind: 'stuck-backend', name: 'ProcSignalBarrier' },
      { kind: 'stuck-backend', name: String(pid), detail: expect.stringContaining('starts on the database') },
    ]);
    stopped.goOn(pid);
    await gone;
    expect(await dropDatabase(target)).toMatchObject({ changed: true });
    expect(await databaseExists(database)).toBe(false);
  });

  test('if the database was renamed first, the error gives the new name, and the next drop ends it', async () => {
    const database = await scratch.database();
    const keeper = await stoppedOn(database);
    const target = targetOf(database);
    const failing = failureOf(dropDatabase(target, { timeoutMs: 12_000 }));
    const { pid, gone } = await stoppedWhileItStarts(database, await scratch.role());
    stopped.goOn(keeper.pid);
    const error = await failing;
    expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', blockers: [{ name: String(pid) }] });
    const left = await privateDatabasesFor(database);
    expect(error.leftovers.map((each) => each.database)).toEqual(left);
    expect(left).toHaveLength(1);
    stopped.goOn(pid);
    await gone;
    await dropDatabase(target, { ifExists: true });
    expect(await privateDatabasesFor(database)).toEqual([]);
  });
});
