import { readFileSync } from 'node:fs';
import { acquireDatabase, releaseDatabase, resetDatabase } from '@pg-evict/testing';
import { startServer, type RunningEmbeddedServer } from '@pg-evict/server';
import { nodesOf, type PlanNode, rowsOf } from '../../support/plan.js';
import { serverOptions } from '../../support/server-options.js';
import { withClient } from '../../support/server.js';
import { rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';

/** With the limits that a server has by default. */
let server: RunningEmbeddedServer;
const fixture = new RunFixture();
beforeAll(async () => {
  server = await startServer(
    serverOptions({
      max_prepared_transactions: 0,
      session_preload_libraries: 'auto_explain',
      'auto_explain.log_analyze': true,
      'auto_explain.log_format': 'json',
    }),
  );
  process.env['PG_EVICT_TEST_URL'] = server.url;
});
afterAll(async () => {
  await fixture.cleanUp();
  await server.stop();
});

const partitions = 2000;
const schema = `CREATE TABLE event (id int, at int, what text, who int) PARTITION BY LIST (id);
  CREATE INDEX ON event (at); CREATE INDEX ON event (what); CREATE INDEX ON event (who); CREATE INDEX ON event (id, at);`;
/** In transactions of 100: one would lock them all. */
const parts = Array.from({ length: partitions / 100 }, (_, part) =>
  Array.from({ length: 100 }, (_unused, n) => part * 100 + n)
    .map((n) => `CREATE TABLE event_${n} PARTITION OF event FOR VALUES IN (${n})`)
    .join(';\n'),
);

test('2,000 partitions with 4 indexes each, and 8 workers at once, on a server with its default limits', async () => {
  const run = await fixture.start({
    template: {
      setup: async (url) => {
        for (const sql of [schema, ...parts]) await setupWith(sql)(url);
      },
    },
  });
  const databases = await Promise.all(Array.from({ length: 8 }, async () => acquireDatabase(run)));
  for (const [n, database] of databases.entries()) {
    await rowsIn(database.url, `INSERT INTO event_${n} VALUES (${n}, 1, 'x', 1)`);
  }
  const reports = await Promise.all(databases.map(async (database) => resetDatabase(database)));
  expect(reports.map(({ how }) => how)).toEqual(Array.from({ length: 8 }, () => 'rows'));
  for (const [n, database] of databases.entries()) {
    expect(await rowsIn(database.url, `SELECT * FROM event_${n}`)).toEqual([]);
  }
}, 600_000);

/** The plans that the server has written into its log since a place in it, with what each has read. */
function plansSince(place: number): PlanNode[] {
  const log = readFileSync(server.logFile, 'utf8').slice(place);
  return [...log.matchAll(/ plan:\n((?:\t.*\n)+)/g)].map(
    ([, json = '']) => (JSON.parse(json) as { Plan: PlanNode }).Plan,
  );
}

interface Effort {
  readonly rows: number;
  readonly statements: number;
  /** The relations that the largest statement reads. */
  readonly largest: number;
}

/** What the server does for the reset of a copy in which one row is new. */
async function effortOf(tables: number): Promise<Effort> {
  const sql = Array.from(
    { length: tables },
    (_unused, n) => `CREATE TABLE t${n} (id serial PRIMARY KEY, label text); CREATE INDEX ON t${n} (label)`,
  );
  const run = await fixture.start({
    template: {
      setup: async (url) => {
        for (let from = 0; from < tables; from += 100) {
          await setupWith(sql.slice(from, from + 100).join(';'))(url);
        }
      },
    },
  });
  const database = await acquireDatabase(run);
  const reset = async (): Promise<void> => {
    await rowsIn(database.url, `INSERT INTO t${tables - 1} DEFAULT VALUES`);
    expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
  };
  await reset();
  const place = readFileSync(server.logFile, 'utf8').length;
  await reset();
  const plans = plansSince(place);
  await releaseDatabase(database);
  await fixture.end(run);
  return {
    rows: plans.reduce((sum, plan) => sum + rowsOf(plan), 0),
    statements: plans.length,
    largest: Math.max(
      ...plans.map((plan) => nodesOf(plan).filter((node) => node['Relation Name'] !== undefined).length),
    ),
  };
}

test('four times as many tables take four times as many rows and statements, of which none is larger', async () => {
  await withClient(server.url, async (client) => {
    await client.query('ALTER SYSTEM SET auto_explain.log_min_duration = 0');
    await client.query('SELECT pg_reload_conf()');
  });
  const few = await effortOf(400);
  const many = await effortOf(1600);
  process.stdout.write(`\n400 tables: ${JSON.stringify(few)}; 1,600: ${JSON.stringify(many)}\n`);
  expect(few.rows).toBeGreaterThan(400);
  expect(many.rows / few.rows).toBeLessThan(6);
  expect(many.statements / few.statements).toBeLessThan(6);
  // The server plans a statement in a time that grows with the square of the relations in it.
  expect(many.largest).toBe(few.largest);
}, 600_000);
