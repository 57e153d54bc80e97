import { acquireDatabase } from '@pg-evict/testing';
import { RunFixture, rowsIn, setupWith } from '../../support/testing/run-fixture.js';
import { Scratch } from '../../support/scratch.js';
import { ask, serverMajor, serverUrl, withClient } from '../../support/server.js';

const scratch = new Scratch();
const fixture = new RunFixture();
afterAll(async () => {
  await fixture.cleanUp();
  await scratch.cleanUp();
});

/** Small and empty relations of every kind, and two that are large. */
const schema = `
CREATE TABLE parent (id int PRIMARY KEY, name text);
CREATE TABLE child (id serial PRIMARY KEY, parent int NOT NULL REFERENCES parent);
CREATE TABLE country (code text PRIMARY KEY, name text);
INSERT INTO country SELECT i, 'country ' || i FROM generate_series(1, 3) i;
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v text);
CREATE TABLE event (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE event_rest PARTITION OF event DEFAULT;
INSERT INTO event SELECT '2025-02-02', repeat('x', 100) FROM generate_series(1, 2000);
CREATE TABLE base (a int);
CREATE TABLE derived (b int) INHERITS (base);
CREATE MATERIALIZED VIEW of_parents AS SELECT name FROM parent;
CREATE MATERIALIZED VIEW not_yet AS SELECT name FROM parent WITH NO DATA;
CREATE TABLE large AS SELECT i, i % 7 AS n, repeat('x', 100) AS text FROM generate_series(1, 5000) i;
CREATE TABLE emptied AS SELECT 1 AS a;
TRUNCATE emptied;
`;

/** What the planner knows of each relation; TOAST is named after its table's oid. */
const known = `SELECT relname, relpages, reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE nspname = 'public' AND relkind IN ('r', 'm', 'p', 'i', 'S')
    AND relname <> 'marker' ORDER BY 1`;

async function migrated(): Promise<string> {
  const name = await scratch.database('migrated');
  const url = serverUrl({ database: name });
  await withClient(url, async (client) => void (await client.query(schema)));
  return url;
}

test('the planner knows the same of empty and small tables as in a database that was just migrated', async () => {
  const run = await fixture.start({ template: { setup: setupWith(schema) } });
  const { url } = await acquireDatabase(run);
  const isLarge = ({ relname }: Record<string, unknown>): boolean =>
    relname === 'large' || relname === 'event_1';
  const inCopy = await rowsIn(url, known);
  const inMigrated = await rowsIn(await migrated(), known);
  expect(inCopy.filter((row) => !isLarge(row))).toEqual(inMigrated.filter((row) => !isLarge(row)));
  expect(inCopy.filter(isLarge)).toMatchObject([
    { relname: 'event_1', reltuples: 2000 },
    { relname: 'large', reltuples: 5000 },
  ]);
  expect(
    await rowsIn(url, `SELECT n_distinct FROM pg_stats WHERE tablename = 'large' AND attname = 'n'`),
  ).toEqual([{ n_distinct: 7 }]);
});

/** One session that first uses a table while it is small, then fills it: the plan of the foreign key is made early. */
const filling = [
  'BEGIN',
  `INSERT INTO parent VALUES (-1, 'first')`,
  'INSERT INTO child (parent) SELECT -1 FROM generate_series(1, 10)',
  `INSERT INTO parent SELECT g, 'p' FROM generate_series(1, 30000) g`,
  'INSERT INTO child (parent) SELECT g FROM generate_series(1, 30000) g',
  'COMMIT',
];

/** How many rows were read by reading a whole table, as the server has counted them. */
async function rowsReadWhole(url: string): Promise<number> {
  return withClient(url, async (client) => {
    for (const statement of filling) await client.query(statement);
    const { rows } = await client.query<{ read: number }>(
      `SELECT ${serverMajor >= 15 ? 'pg_stat_force_next_flush(),' : 'pg_sleep(1.2),'} pg_stat_get_tuples_returned('parent'::regclass)::float8 AS read`,
    );
    if (serverMajor >= 15) {
      const again = await client.query<{ read: number }>(
        `SELECT pg_stat_get_tuples_returned('parent'::regclass)::float8 AS read`,
      );
      return again.rows[0]?.read ?? NaN;
    }
    return rows[0]?.read ?? NaN;
  });
}

test.each([
  ['is empty', schema],
  ['has a row', `${schema}; INSERT INTO parent VALUES (0, 'seeded')`],
])('a foreign key to a table that %s in the template looks rows up once it is full', async (_what, sql) => {
  const run = await fixture.start({ template: { setup: setupWith(sql) } });
  // 30,000 rows by 30,000 would be 450 million.
  expect(await rowsReadWhole((await acquireDatabase(run)).url)).toBeLessThan(100_000);
});

test('a role that owns its databases and no more has its template vacuumed, too', async () => {
  const role = await scratch.role('CREATEDB');
  const url = serverUrl({ user: role, password: role });
  const run = await fixture.start({ template: { setup: setupWith(schema) } }, { url });
  const { url: copy } = await acquireDatabase(run);
  expect(await rowsIn(copy, `SELECT reltuples FROM pg_class WHERE relname = 'large'`)).toEqual([
    { reltuples: 5000 },
  ]);
  expect(
    await ask(
      `SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = '${run.template.name}'`,
    ),
  ).toEqual([{ owner: role }]);
});
