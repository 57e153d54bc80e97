import { dropDatabase, recreateDatabase, swapDatabase } from '@pg-evict/core';
import { Client } from 'pg';
import { failureOf } from '../../support/core/failure.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';
import { StoppedProcesses } from '../../support/stopped-processes.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// While one of its processes is stopped, no database of a server can be dropped.
useOwnServer();
const openSession = useSessions();
const stopped = new StoppedProcesses();

/** Who has the lock on a database that keeps newcomers out, or waits for one on it. */
async function queueOn(oid: number): Promise<{ pid: number; granted: boolean; mode: string }[]> {
  return ask(
    `SELECT pid, granted, mode FROM pg_locks
     WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND objid = $1 AND mode <> 'AccessShareLock'`,
    [oid],
  );
}

async function oidOf(database: string): Promise<number> {
  const [row] = await ask<{ oid: number }>('SELECT oid FROM pg_database WHERE datname = $1', [database]);
  return row?.oid ?? 0;
}

/** A client that connects to a database. */
function connecting(database: string): Promise<string> {
  const client = new Client({ connectionString: serverUrl({ database }) });
  client.on('error', () => undefined);
  return client.connect().then(
    async () => client.end().then(() => 'connected'),
    (error: { code: string }) => error.code,
  );
}

describe('a second runner', () => {
  /** A database with a session whose process takes longer to end than the server is patient. */
  async function withSlowSession(): Promise<{ database: string; oid: number; goOn: () => void }> {
    const database = await scratch.database();
    const { pid } = await openSession(database);
    stopped.stop(pid);
    return { database, oid: await oidOf(database), goOn: () => stopped.goOn(pid) };
  }

  /** Waits until two runners are in the queue, and returns the first. */
  async function twoRunners(oid: number): Promise<number> {
    let first: number | undefined;
    await until(async () => {
      const queue = (await queueOn(oid)).filter(({ mode }) => mode === 'AccessExclusiveLock');
      first = queue.find(({ granted }) => granted)?.pid;
      return first !== undefined && queue.length === 2;
    }, 'a runner has the lock, and another waits for it');
    return first ?? 0;
  }

  const takenOver = async (oid: number, first: number): Promise<void> =>
    until(
      async () =>
        (await queueOn(oid)).some(
          ({ granted, mode, pid }) => granted && mode === 'AccessExclusiveLock' && pid !== first,
        ),
      'the second runner has the lock',
    );

  test('takes the lock when the server gives up, so that a waiting client does not get it in between', async () => {
    const { database, goOn, oid } = await withSlowSession();
    const recreating = recreateDatabase({ connection: serverUrl({ database }) }, { drainMs: 100 });
    const first = await twoRunners(oid);
    const newcomer = connecting(database);
    await until(
      async () => (await queueOn(oid)).some(({ mode }) => mode === 'RowExclusiveLock'),
      'the client is in the queue',
    );
    await takenOver(oid, first);
    goOn();
    expect(await recreating).toMatchObject({ changed: true });
    expect(await newcomer).toBe('3D000');
  });

  test('takes the lock before the ALTER DATABASE of another session', async () => {
    const { database, goOn, oid } = await withSlowSession();
    const dropping = dropDatabase({ connection: serverUrl({ database }) }, { drainMs: 100 });
    const first = await twoRunners(oid);
    const others = ask(`ALTER DATABASE ${quote(database)} RENAME TO ${quote(scratch.newName())}`).then(
      () => 'renamed',
      (error: { code: string }) => error.code,
    );
    await until(async () => (await queueOn(oid)).length === 3, 'it is in the queue');
    await takenOver(oid, first);
    goOn();
    expect(await dropping).toMatchObject({ changed: true });
    expect(await others).toBe('3D000');
  });

  test('leaves the queue at the deadline, with nothing changed', async () => {
    const { database, goOn, oid } = await withSlowSession();
    const target = { connection: serverUrl({ database }) };
    const failing = failureOf(recreateDatabase(target, { drainMs: 100, timeoutMs: 5000 }));
    await twoRunners(oid);
    expect(await failing).toMatchObject({ code: 'SESSIONS_REMAIN' });
    expect(await queueOn(oid)).toEqual([]);
    goOn();
    expect(await oidOf(database)).toBe(oid);
  });

  test('does nothing if the first one has done it', async () => {
    const { database, goOn, oid } = await withSlowSession();
    const other = await scratch.database();
    const otherOid = await oidOf(other);
    const swapping = swapDatabase({ connection: serverUrl({ database }) }, other, { drainMs: 100 });
    await twoRunners(oid);
    goOn();
    expect(await swapping).toMatchObject({ changed: true });
    expect([await oidOf(other), await oidOf(database)]).toEqual([oid, otherOid]);
    expect([...(await queueOn(oid)), ...(await queueOn(otherOid))]).toEqual([]);
  });

  test('that is terminated by another client is not needed', async () => {
    const { database, goOn, oid } = await withSlowSession();
    const recreating = recreateDatabase({ connection: serverUrl({ database }) }, { drainMs: 100 });
    const first = await twoRunners(oid);
    const second = (await queueOn(oid)).find(({ pid }) => pid !== first);
    await ask('SELECT pg_terminate_backend($1)', [second?.pid]);
    goOn();
    expect(await recreating).toMatchObject({ changed: true });
  });
});
