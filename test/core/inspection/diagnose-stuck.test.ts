import {
  cloneDatabase,
  diagnose,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  repairDatabase,
} from '@pg-evict/core';
import { useOwnServer } from '../../support/own-server.js';
import { StoppedProcesses } from '../../support/stopped-processes.js';
import { useSessions } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverMajor, uniqueName, until } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { markerOf, privateDatabasesFor, stillAtWork, targetOf } from '../../support/core/target.js';

// A stopped backend holds up every DROP DATABASE of its server, so this has one of its own.
const scratch = new Scratch();
useOwnServer();
const stopped = new StoppedProcesses();
const sessionOn = useSessions();

/** Since 15, DROP DATABASE waits for every process of the server. */
const barrier = serverMajor >= 15 ? describe : describe.skip;
const noBarrier = serverMajor < 15 ? describe : describe.skip;

barrier('a process elsewhere that does not answer', () => {
  test('a drop returns at its deadline and says that the database is half dropped; a later drop finishes it', async () => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    const stuck = await sessionOn(elsewhere);
    stopped.stop(stuck.pid);
    const startedAt = performance.now();
    const error = await failureOf(dropDatabase(targetOf(database), { timeoutMs: 5000 }));
    expect(performance.now() - startedAt).toBeLessThan(25_000);
    expect(error).toMatchObject({ code: 'BLOCKED', blockers: [{ kind: 'stuck-backend' }] });
    expect(error.message).toContain('half dropped');
    expect(await diagnose(targetOf(database))).toMatchObject({
      standing: [{ kind: 'invalid-database', name: database }],
    });
    stopped.goOn(stuck.pid);
    expect(await dropDatabase(targetOf(database))).toMatchObject({ changed: true });
    expect(await databaseExists(database)).toBe(false);
  });

  test('an abort ends a drop as well, with the same message', async () => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    stopped.stop((await sessionOn(elsewhere)).pid);
    const controller = new AbortController();
    const target = targetOf(database);
    const running = failureOf(dropDatabase(target, { signal: controller.signal }));
    await until(
      async () =>
        (
          await ask('SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event = $2', [
            target.connection.application_name,
            'ProcSignalBarrier',
          ])
        ).length > 0,
      'it hangs',
    );
    const { standing } = await diagnose(targetOf(database));
    // A drop has given it another name by then.
    expect(standing[0]?.detail).toMatch(/^Database "\w+" is called "pg_evict_drop_\w+" now: process \d+,/);
    expect(standing.map(({ kind }) => kind)).toContain('stuck-backend');
    controller.abort();
    const error = await running;
    expect(error).toMatchObject({ code: 'ABORTED' });
    expect(error.message).toContain('half dropped');
    expect(await stillAtWork(target)).toEqual([]);
  });

  test('a recreate that has swapped returns at its deadline and names the database that is left to drop', async () => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    const stuck = await sessionOn(elsewhere);
    stopped.stop(stuck.pid);
    const startedAt = performance.now();
    const target = targetOf(database);
    const report = await recreateDatabase(target, { timeoutMs: 10_000 });
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    expect(report).toMatchObject({ changed: true, leftovers: [{ database: expect.any(String) }] });
    expect(await markerOf(database)).toBeUndefined();
    expect(await stillAtWork(target)).toEqual([]);
    stopped.goOn(stuck.pid);
    expect(await repairDatabase(target)).toMatchObject({ changed: true, leftovers: [] });
    expect(await privateDatabasesFor(database)).toEqual([]);
  });

  test('a connection is lost while it hangs: nothing runs on behind the caller', async () => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    stopped.stop((await sessionOn(elsewhere)).pid);
    const target = targetOf(database);
    const application = target.connection.application_name;
    const running = recreateDatabase(target);
    await until(async () => {
      const ended = await ask(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1
           AND wait_event IS DISTINCT FROM 'ProcSignalBarrier' AND EXISTS (
             SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'ProcSignalBarrier')`,
        [application],
      );
      return ended.length > 0;
    }, 'it hangs, and loses the other connection');
    expect(await running).toMatchObject({ changed: true, leftovers: [{ database: expect.any(String) }] });
    expect((await stillAtWork(target)).filter(({ state }) => state === 'active')).toEqual([]);
  });

  test('a rename does not mind', async () => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    stopped.stop((await sessionOn(elsewhere)).pid);
    expect(await renameDatabase(targetOf(database), `${database}_2`)).toMatchObject({ changed: true });
  });
});

noBarrier('a process elsewhere that does not answer, before 15', () => {
  test('holds up nothing', async () => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    stopped.stop((await sessionOn(elsewhere)).pid);
    expect(await recreateDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
    expect(await dropDatabase(targetOf(database))).toMatchObject({ changed: true });
  });
});

test('a session of the database that does not end is named at the deadline, and the database stays', async () => {
  const database = await scratch.database();
  const [stuck, other] = [await sessionOn(database), await sessionOn(database)];
  stopped.stop(stuck.pid);
  for (const operate of [
    async () => renameDatabase(targetOf(database), `${database}_2`, { timeoutMs: 4000 }),
    async () => dropDatabase(targetOf(database), { timeoutMs: 4000 }),
  ]) {
    const startedAt = performance.now();
    const error = await failureOf(operate());
    expect(performance.now() - startedAt).toBeLessThan(25_000);
    expect(error).toMatchObject({ code: 'SESSIONS_REMAIN' });
    expect(error.blockers.map(({ name }) => name)).toEqual([String(stuck.pid)]);
    expect(error.message).toContain('was told to terminate and is still there');
  }
  expect(await other.ended).toBe('57P01');
  expect(await markerOf(database)).toBe('old');
  stopped.goOn(stuck.pid);
  await stuck.ended;
  expect(await dropDatabase(targetOf(database))).toMatchObject({ changed: true });
});

test('a running copy is named, no session is terminated, and the operation that waited for it succeeds', async () => {
  const database = await scratch.database();
  const copy = uniqueName('copy');
  const [copier, keeper] = [await sessionOn('postgres'), await sessionOn(database)];
  // It has its lock, and looks every 100 ms whether the session has left.
  const copying = copier.client.query(`CREATE DATABASE "${copy}" TEMPLATE "${database}"`);
  await until(
    async () =>
      (
        await ask(
          `SELECT FROM pg_locks WHERE pid = $1 AND granted AND mode = 'ShareLock' AND classid = 'pg_database'::regclass`,
          [copier.pid],
        )
      ).length > 0,
    'the copy is under way',
  );
  stopped.stop(copier.pid);
  const { standing } = await diagnose(targetOf(database));
  expect(standing).toMatchObject([{ kind: 'lock', name: String(copier.pid) }]);
  expect(standing[0]?.detail).toContain('CREATE DATABASE');
  for (const operate of [
    async () => renameDatabase(targetOf(database), `${database}_2`, { timeoutMs: 4000 }),
    async () => dropDatabase(targetOf(database), { timeoutMs: 4000 }),
  ]) {
    const error = await failureOf(operate());
    expect(error).toMatchObject({
      code: 'BLOCKED',
      terminated: [],
      blockers: [{ kind: 'lock', name: String(copier.pid) }],
    });
  }
  await keeper.close();
  const target = targetOf(database);
  const renaming = renameDatabase(target, `${database}_2`);
  await until(
    async () => (await stillAtWork(target)).some(({ query }) => query.startsWith('ALTER')),
    'the rename waits',
  );
  stopped.goOn(copier.pid);
  await copying;
  expect(await renaming).toMatchObject({ changed: true });
  expect(await markerOf(copy)).toBe('old');
});

test('two copies of one database do not stand in each other’s way', async () => {
  const database = await scratch.database();
  const copies = [uniqueName('copy'), uniqueName('copy'), uniqueName('copy')];
  await sessionOn(database);
  await Promise.all(copies.map(async (copy) => cloneDatabase(targetOf(database), copy)));
  for (const copy of copies) expect(await markerOf(copy)).toBe('old');
});
