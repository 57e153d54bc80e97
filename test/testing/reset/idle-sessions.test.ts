import { acquireDatabase, resetDatabase, type TestDatabase } from '@pg-evict/testing';
import { Client, type ClientConfig, Pool } from 'pg';
import { Scratch } from '../../support/scratch.js';
import { ask, until } from '../../support/server.js';
import { rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';

const scratch = new Scratch();
const fixture = new RunFixture();
let database: TestDatabase;
const clients: Client[] = [];

beforeAll(async () => {
  const run = await fixture.start({
    template: {
      setup: setupWith(`CREATE TABLE seeded AS SELECT i AS a FROM generate_series(1, 3) i;
        CREATE TABLE filled (id serial PRIMARY KEY, b text)`),
    },
  });
  database = await acquireDatabase(run);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map(async (client) => client.end().catch(() => undefined)));
});
afterAll(async () => {
  await fixture.cleanUp();
  await scratch.cleanUp();
});

/** A session on the database, whose end is no error. */
async function open(config: ClientConfig = {}): Promise<Client> {
  const client = new Client({ connectionString: database.url, ...config });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

/** The backend of a session, `undefined` where it was ended. */
const pidOf = async (client: Client): Promise<unknown> =>
  client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid').then(
    ({ rows }) => rows[0]?.pid,
    () => undefined,
  );

const change = `UPDATE seeded SET a = a + 1; INSERT INTO filled (b) VALUES ('x')`;

const isTemplate = async (client?: Client): Promise<void> => {
  const text = `SELECT (SELECT array_agg(a) FROM seeded) AS seeded, (SELECT count(*)::int FROM filled) AS filled,
    (SELECT last_value::int FROM filled_id_seq) AS last`;
  const rows = client === undefined ? await rowsIn(database.url, text) : (await client.query(text)).rows;
  expect(rows).toEqual([{ seeded: [1, 2, 3], filled: 0, last: 1 }]);
};

test('sessions of a pool stay connected while rows are put back, and find the template', async () => {
  const pool = new Pool({ connectionString: database.url, max: 3 });
  const pids = async (): Promise<unknown[]> => {
    const found = await Promise.all(
      [1, 2, 3].map(async () =>
        pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, pg_sleep(0.05)'),
      ),
    );
    return found.map(({ rows }) => rows[0]?.pid).toSorted((a, b) => Number(a) - Number(b));
  };
  const before = await pids();
  for (let n = 0; n < 3; n += 1) {
    await pool.query(change);
    expect(await resetDatabase(database, { keepIdle: true })).toMatchObject({ how: 'rows', sessions: [] });
    await isTemplate();
    expect(await pids()).toEqual(before);
  }
  expect(await resetDatabase(database, { keepIdle: true })).toMatchObject({ how: 'unchanged', sessions: [] });
  await pool.end();
});

test.each([
  ['is in a transaction', 'BEGIN; SELECT 1'],
  ['has failed in a transaction', 'BEGIN; SELECT 1/0'],
  ['holds an advisory lock', 'SELECT pg_advisory_lock(1)'],
  ['has a temporary table', 'CREATE TEMP TABLE t ()'],
  ['has a temporary function', `CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'`],
  ['has a temporary type', 'CREATE TYPE pg_temp.e AS ENUM ()'],
  ['does not say what it does', 'SET track_activities = off'],
])('a session that %s is terminated, and its objects are gone', async (_what, sql) => {
  const client = await open();
  const idle = await open();
  await client.query(change);
  await client.query(sql).catch(() => undefined);
  const { how, sessions } = await resetDatabase(database, { keepIdle: true });
  expect({ how, pids: sessions.map(({ pid }) => pid) }).toMatchObject({
    how: 'rows',
    pids: expect.arrayContaining([expect.any(Number)]),
  });
  expect(await pidOf(client)).toBe(undefined);
  // Nobody can tell whose a temporary object is.
  expect((await pidOf(idle)) === undefined).toBe(sql.includes('TEMP') || sql.includes('pg_temp'));
  await isTemplate();
});

test('a transaction that was left open is undone, while others stay', async () => {
  const [open1, idle] = [await open(), await open()];
  const before = await pidOf(idle);
  await idle.query(change);
  await open1.query('BEGIN');
  await open1.query('INSERT INTO filled (b) VALUES (1); LOCK seeded');
  expect(await resetDatabase(database, { keepIdle: true })).toMatchObject({
    how: 'rows',
    sessions: [expect.objectContaining({ state: 'idle in transaction' })],
  });
  expect(await pidOf(idle)).toBe(before);
  await isTemplate(idle);
});

test('a query that is just ending may end, and its session stays', async () => {
  const client = await open();
  const before = await pidOf(client);
  const sleeping = client.query(`${change}; SELECT pg_sleep(0.5)`);
  const active = `SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`;
  await until(async () => (await ask(active, [before])).length === 1, 'the query to begin');
  expect(await resetDatabase(database, { keepIdle: true, graceMs: 5000 })).toMatchObject({
    how: 'rows',
    sessions: [],
  });
  await sleeping;
  expect(await pidOf(client)).toBe(before);
  await isTemplate(client);
});

test('if a new copy is needed, all are terminated and named', async () => {
  const [one, two] = [await open(), await open()];
  const pids = [await pidOf(one), await pidOf(two)];
  await one.query('CREATE TABLE made ()');
  const { how, sessions } = await resetDatabase(database, { keepIdle: true });
  expect(how).toBe('clone');
  expect(sessions.map(({ pid }) => pid)).toEqual(expect.arrayContaining(pids));
  expect([await pidOf(one), await pidOf(two)]).toEqual([undefined, undefined]);
  await isTemplate();
});

test('a session with a slot that ends with it is ended', async () => {
  const client = await open();
  const slots = await client
    .query(`SELECT pg_create_logical_replication_slot('kept_idle', 'test_decoding', true)`)
    .then(
      () => true,
      () => false,
    );
  // Where the server has no logical decoding there is none.
  if (!slots) return;
  await client.query(change);
  expect(await resetDatabase(database, { keepIdle: true })).toMatchObject({ how: 'rows' });
  expect(await pidOf(client)).toBe(undefined);
  expect(await ask('SELECT FROM pg_replication_slots WHERE database = $1', [database.name])).toEqual([]);
  await isTemplate();
});

test('of more sessions than a pool has, those that were used last stay', async () => {
  const many = [];
  for (let n = 0; n < 23; n += 1) many.push(await open());
  for (const client of many) await client.query('SELECT 1');
  await many.at(-1)?.query(change);
  const { how, sessions } = await resetDatabase(database, { keepIdle: true });
  expect({ how, ended: sessions.length }).toEqual({ how: 'rows', ended: 3 });
  const left = await Promise.all(many.map(pidOf));
  expect(left.map((pid) => pid !== undefined)).toEqual(many.map((_client, n) => n >= 3));
});

test('values of a sequence that a session has taken in advance do not outlive a reset', async () => {
  const run = await fixture.start({
    template: { setup: setupWith('CREATE SEQUENCE s CACHE 10; CREATE TABLE t (a int)') },
  });
  const cached = await acquireDatabase(run);
  const pool = new Pool({ connectionString: cached.url, max: 1 });
  pool.on('error', () => undefined);
  const next = async (): Promise<unknown> => (await pool.query(`SELECT nextval('s')::int AS n`)).rows;
  expect(await next()).toEqual([{ n: 1 }]);
  expect(await resetDatabase(cached, { keepIdle: true })).toMatchObject({
    how: 'rows',
    sessions: [expect.objectContaining({ state: 'idle' })],
  });
  expect(await next()).toEqual([{ n: 1 }]);
  await pool.end();
});

test('rows that connected sessions write during a reset are found by it or the next one', async () => {
  const writers = await Promise.all([1, 2, 3].map(async () => open()));
  const writes = { areWanted: true };
  const writing = writers.map(async (client) => {
    while (writes.areWanted) {
      await client.query(`INSERT INTO filled (b) VALUES ('y')`).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    }
  });
  for (let n = 0; n < 40; n += 1) await resetDatabase(database, { keepIdle: true });
  writes.areWanted = false;
  await Promise.all(writing);
  await resetDatabase(database, { keepIdle: true });
  await isTemplate();
  expect(await rowsIn(database.url, 'SELECT FROM filled')).toEqual([]);
});
