import { dropDatabase } from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { targetOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { type PlanNode, rowsOf } from '../../support/plan.js';
import { Scratch } from '../../support/scratch.js';
import { ask, until } from '../../support/server.js';
import { useSessions } from '../../support/sessions.js';

// The server shows what its sessions run, as far as it has room for it.
useOwnServer({ track_activity_query_size: 32_768 });
const scratch = new Scratch();
const sessionOn = useSessions();

/** The statement that looks at the sessions of a database and ends them, as the server shows it while a drop waits. */
async function sweepOf(database: string): Promise<string> {
  const holder = await sessionOn();
  await holder.client.query(`BEGIN; COMMENT ON DATABASE "${database}" IS 'changing'`);
  const controller = new AbortController();
  const dropping = failureOf(dropDatabase(targetOf(database), { signal: controller.signal }));
  let sweep = '';
  await until(async () => {
    const rows = await ask<{ query: string }>(
      `SELECT query FROM pg_stat_activity WHERE query LIKE '%pg_terminate_backend(s.pid)%' AND pid <> pg_backend_pid()`,
    );
    sweep = rows[0]?.query ?? '';
    return sweep !== '';
  }, 'it is looked at the sessions');
  controller.abort();
  await dropping;
  await holder.client.query('ROLLBACK');
  return sweep;
}

test('listing four times as many sessions reads about four times as many rows', async () => {
  const database = await scratch.database();
  const sweep = await sweepOf(database);
  const rowsWith = async (count: number): Promise<number> => {
    while ((await ask(`SELECT FROM pg_stat_activity WHERE datname = $1`, [database])).length < count)
      await sessionOn(database);
    const [plan] = await ask<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sweep}`,
      [[database], 0, false, '[]', [], false, [], false],
    );
    return rowsOf(plan?.['QUERY PLAN'][0].Plan as PlanNode);
  };
  const few = await rowsWith(20);
  expect(few).toBeGreaterThan(20);
  expect((await rowsWith(80)) / few).toBeLessThan(6);
});
