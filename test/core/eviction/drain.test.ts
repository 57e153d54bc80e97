import { dropDatabase, type OperationReport, recreateDatabase, swapDatabase } from '@pg-evict/core';
import { Client } from 'pg';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverMajor, serverUrl, until } from '../../support/server.js';
import { type OpenSession, useSessions } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
const openSession = useSessions();

/** Waits until the server says that the session is at work. */
async function active(pid: number): Promise<void> {
  await until(
    async () =>
      (await ask(`SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`, [pid])).length > 0,
    'it is at work',
  );
}

describe('drain', () => {
  test('lets a query finish, and terminates idle sessions meanwhile', async () => {
    const database = await scratch.database();
    const idle = await openSession(database);
    const busy = await openSession(database);
    const query = busy.client.query<{ done: number }>('SELECT 1 AS done FROM pg_sleep(4)');
    await active(busy.pid);
    const report = await recreateDatabase({ connection: serverUrl({ database }) }, { drainMs: 8000 });
    expect((await query).rows).toEqual([{ done: 1 }]);
    expect(report.drained.map(({ pid }) => pid)).toEqual([busy.pid]);
    expect(report.cut).toEqual([]);
    expect(new Set(report.terminated.map(({ pid }) => pid))).toEqual(new Set([idle.pid, busy.pid]));
  });

  test('lets a transaction end that is idle in between', async () => {
    const database = await scratch.database();
    const busy = await openSession(database, { kind: 'idle in transaction' });
    let committing: Promise<unknown> = Promise.resolve();
    const onStep = (step: string): void => {
      if (step !== 'checked') return;
      committing = new Promise((go) => setTimeout(go, 1000)).then(async () => busy.client.query('COMMIT'));
    };
    const target = { connection: serverUrl({ database }) };
    const { drained, cut } = await dropDatabase(target, { drainMs: 8000, onStep });
    await committing;
    expect([drained.map(({ pid }) => pid), cut]).toEqual([[busy.pid], []]);
  });

  test('cuts what takes longer', async () => {
    const database = await scratch.database();
    const busy = await openSession(database, { kind: 'active' });
    await active(busy.pid);
    const startedAt = performance.now();
    const report = await recreateDatabase({ connection: serverUrl({ database }) }, { drainMs: 2000 });
    expect(performance.now() - startedAt).toBeGreaterThan(1900);
    expect(report.cut.map(({ pid }) => pid)).toEqual([busy.pid]);
    expect(report.drained).toEqual([]);
  });

  test('ends at the deadline, with time left for the operation', async () => {
    const database = await scratch.database();
    const busy = await openSession(database, { kind: 'active' });
    await active(busy.pid);
    const report = await recreateDatabase(
      { connection: serverUrl({ database }) },
      { drainMs: 600_000, timeoutMs: 12_000 },
    );
    expect(report).toMatchObject({ changed: true, cut: [{ pid: busy.pid }] });
  });

  test('without it all sessions are terminated immediately, and the report has no such entry', async () => {
    const database = await scratch.database();
    await openSession(database, { kind: 'active' });
    const report = await recreateDatabase({ connection: serverUrl({ database }) });
    expect(report).toMatchObject({ drained: [], cut: [], terminated: [expect.anything()] });
  });

  describe.each([2000, 20_000])('of %i ms', (drainMs) => {
    /** Swaps the database while a session of its own begins a query that needs our lock half-way. */
    async function swapUnder(database: string, busy: OpenSession, sql: string): Promise<OperationReport> {
      let query: Promise<unknown> = Promise.resolve();
      const onStep = async (step: string): Promise<void> => {
        if (step !== 'checked') return;
        query = busy.client.query(sql);
        await active(busy.pid);
      };
      const target = { connection: serverUrl({ database }) };
      const report = await swapDatabase(target, await scratch.database(), { drainMs, onStep });
      await query;
      return report;
    }

    test('lets COMMENT ON DATABASE finish, which waits for our lock', async () => {
      const database = await scratch.database();
      const busy = await openSession(database);
      const report = await swapUnder(
        database,
        busy,
        `SELECT pg_sleep(0.5); COMMENT ON DATABASE ${quote(database)} IS 'finished'; SELECT pg_sleep(0.1)`,
      );
      expect([report.drained.map(({ pid }) => pid), report.cut]).toEqual([[busy.pid], []]);
    });

    // Before 18, parallel workers that connect are not listed, so nobody sees for whom they work.
    if (serverMajor >= 18) {
      test('lets a parallel query finish, whose workers wait for our lock', async () => {
        const database = await scratch.database();
        const busy = await openSession(database);
        await busy.client.query(`
        CREATE TABLE numbers AS SELECT generate_series(1, 200000) AS n;
        SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
        SET max_parallel_workers_per_gather = 4`);
        const report = await swapUnder(
          database,
          busy,
          'SELECT pg_sleep(0.5); SELECT count(*) FROM numbers WHERE n % 7 <> 0',
        );
        expect([report.drained.map(({ pid }) => pid), report.cut]).toEqual([[busy.pid], []]);
      });
    }

    test('a transaction that waits for a second connection is cut at its end', async () => {
      const database = await scratch.database();
      const first = await openSession(database, { kind: 'idle in transaction' });
      const recreating = recreateDatabase({ connection: serverUrl({ database }) }, { drainMs });
      const second = new Client({ connectionString: serverUrl({ database }) });
      second.on('error', () => undefined);
      await until(
        async () =>
          (
            await ask(
              `SELECT FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_database'::regclass
               AND mode = 'AccessExclusiveLock' AND objid = (SELECT oid FROM pg_database WHERE datname = $1)`,
              [database],
            )
          ).length > 0,
        'the lock is held',
      );
      const coming = second.connect().then(
        async () => second.end(),
        () => undefined,
      );
      expect(await recreating).toMatchObject({ changed: true, cut: [{ pid: first.pid }] });
      await coming;
    });
  });
});
