import { acquireDatabase, resetDatabase, type TestDatabase, type TestRun } from '@pg-evict/testing';
import { Client, Pool } from 'pg';
import { consume, createSlot } from '../../support/replication.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { failureOf } from '../../support/core/failure.js';
import { rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';

const scratch = new Scratch();
const fixture = new RunFixture();
let run: TestRun;
let database: TestDatabase;
beforeAll(async () => {
  run = await fixture.start({
    template: {
      setup: setupWith(`CREATE TABLE seeded AS SELECT i AS a FROM generate_series(1, 3) i;
        CREATE TABLE empty (id serial PRIMARY KEY, b text)`),
    },
  });
  database = await acquireDatabase(run);
});
afterAll(async () => {
  await fixture.cleanUp();
  await scratch.cleanUp();
});

const work = async (sql: string): Promise<unknown[]> => rowsIn(database.url, sql);

/** The database's identity, which a new copy has not. */
async function oid(): Promise<unknown> {
  return (await ask<{ oid: number }>('SELECT oid FROM pg_database WHERE datname = $1', [database.name]))[0]
    ?.oid;
}

const isTemplate = async (): Promise<void> => {
  expect(await work('SELECT a FROM seeded ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  expect(await work('SELECT id FROM empty')).toEqual([]);
  expect(await work(`SELECT last_value::int, is_called FROM empty_id_seq`)).toEqual([
    { last_value: 1, is_called: false },
  ]);
};

describe('the cost of a reset depends on the changes', () => {
  test.each([
    ['nothing', 'SELECT 1', 'unchanged'],
    ['reading', 'SELECT * FROM seeded, empty FOR UPDATE', 'unchanged'],
    ['temporary tables', 'CREATE TEMP TABLE t (a serial); INSERT INTO t DEFAULT VALUES', 'unchanged'],
    ['a table that is gone again', 'CREATE TABLE t (a serial); DROP TABLE t', 'unchanged'],
    ['statistics', 'ANALYZE', 'clone'],
    [
      'what was rolled back',
      `BEGIN; INSERT INTO empty (b) VALUES ('x'); ROLLBACK; SELECT setval('empty_id_seq', 1, false)`,
      'rows',
    ],
    ['rows of a table that was empty', `INSERT INTO empty (b) VALUES ('x')`, 'rows'],
    ['rows that were there', 'UPDATE seeded SET a = a + 1; DELETE FROM seeded WHERE a = 3', 'rows'],
    ['sequences', `SELECT nextval('empty_id_seq')`, 'rows'],
    ['TRUNCATE', 'TRUNCATE seeded, empty RESTART IDENTITY', 'rows'],
    ['TRUNCATE of what is empty', 'TRUNCATE empty', 'unchanged'],
    ['definitions', 'CREATE TABLE made ()', 'clone'],
    ['a comment', `COMMENT ON TABLE seeded IS 'x'`, 'clone'],
  ])('%s', async (_what, sql, how) => {
    const before = await oid();
    await work(sql);
    const report = await resetDatabase(database);
    expect(report).toMatchObject({ how, sessions: [], prepared: [] });
    expect(report.reason === null).toBe(how !== 'clone');
    expect((await oid()) === before).toBe(how !== 'clone');
    await isTemplate();
  });

  test.each([
    ['a privilege', 'GRANT TEMPORARY ON DATABASE % TO pg_monitor'],
    ['a setting', `ALTER DATABASE % SET work_mem = '123kB'`],
    ['a setting of a role there', `ALTER ROLE postgres IN DATABASE % SET work_mem = '123kB'`],
    ['its comment', `COMMENT ON DATABASE % IS 'x'`],
    ['its connection limit', 'ALTER DATABASE % CONNECTION LIMIT 7'],
  ])('settings of the database itself: %s', async (_what, sql) => {
    const before = await oid();
    await ask(sql.replace('%', quote(database.name)));
    expect(await resetDatabase(database)).toMatchObject({
      how: 'clone',
      reason: expect.stringContaining('of the database'),
    });
    expect(await oid()).not.toBe(before);
    expect(await resetDatabase(database)).toMatchObject({ how: 'unchanged' });
  });

  test.each([
    ['an update', 'UPDATE seeded SET a = 7 WHERE a = 2'],
    ['an update of all rows', 'UPDATE seeded SET a = a + 1'],
    ['a row in place of another', 'DELETE FROM seeded WHERE a = 1; INSERT INTO seeded VALUES (9)'],
    ['rows in an empty table', `INSERT INTO empty (b) VALUES ('x')`],
    ['TRUNCATE and as many rows', 'TRUNCATE seeded; INSERT INTO seeded VALUES (4), (5), (6)'],
  ])('a reset sees what came after a reset that had put rows back: %s', async (_what, sql) => {
    await work('UPDATE seeded SET a = 0');
    for (let n = 0; n < 3; n += 1) {
      expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
      await isTemplate();
      await work(sql);
    }
    expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
    await isTemplate();
  });

  test('rows that statistics were told not to count are seen', async () => {
    await work(`SET track_counts = off; INSERT INTO empty (b) VALUES ('x')`);
    expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
    await work(`INSERT INTO empty (b) VALUES ('x')`);
    await work('SELECT pg_stat_reset()');
    expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
    await isTemplate();
  });

  test('tables do not grow with the number of resets', async () => {
    const size = async () => (await work(`SELECT pg_table_size('empty')::int AS size`)) as { size: number }[];
    const sizes: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      await work(`INSERT INTO empty (b) SELECT repeat('x', 500) FROM generate_series(1, 2000)`);
      await resetDatabase(database);
      sizes.push((await size())[0]?.size ?? 0);
    }
    // One round writes 1.1 MB. VACUUM gives the space back, or for the next round, if somebody else's snapshot is old.
    expect(Math.max(...sizes)).toBeLessThan(2_500_000);
    await isTemplate();
  });
});

describe('sessions', () => {
  test.each([
    ['nothing had changed', 'SELECT 1', 'unchanged'],
    ['rows had been put back', `INSERT INTO empty (b) VALUES ('x')`, 'rows'],
  ])('that a test has left are ended and reported, after a reset where %s', async (_what, sql, how) => {
    await work(sql);
    await resetDatabase(database);
    await work(sql);
    expect(await resetDatabase(database)).toMatchObject({ how });
    const idle = await openSession(database.url);
    const client = new Client({ connectionString: database.url, application_name: 'leaky' });
    client.on('error', () => undefined);
    await client.connect();
    await client.query(`BEGIN; INSERT INTO empty (b) VALUES ('uncommitted'); LOCK TABLE seeded`);
    const report = await resetDatabase(database, { graceMs: 0 });
    expect(report.sessions).toHaveLength(2);
    expect(report.sessions).toContainEqual(
      expect.objectContaining({ application: 'leaky', state: 'idle in transaction' }),
    );
    expect(await idle.ended).toBe('57P01');
    await isTemplate();
  });

  test('of a pool that was just ended are let go, and are no leak', async () => {
    for (let n = 0; n < 10; n += 1) {
      const pool = new Pool({ connectionString: database.url });
      await Promise.all(Array.from({ length: 5 }, async () => pool.query('SELECT pg_sleep(0.01)')));
      await pool.end();
      expect((await resetDatabase(database, { graceMs: 5000 })).sessions).toEqual([]);
    }
  });

  test('of ours: one that a test has terminated is replaced, with a new copy, because its changes are unknown', async () => {
    await work(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    expect(await resetDatabase(database)).toMatchObject({ how: 'clone' });
    expect(await resetDatabase(database)).toMatchObject({ how: 'unchanged' });
  });

  test('that consume a replication slot are ended, and the slot is dropped', async () => {
    await work('CREATE PUBLICATION p FOR ALL TABLES');
    const consumer = await consume(database.url, await createSlot(database.url));
    await resetDatabase(database);
    await consumer.ended;
    expect(await ask('SELECT FROM pg_replication_slots WHERE slot_name = $1', [consumer.slot])).toEqual([]);
    await isTemplate();
  });

  test('of a superuser cannot be terminated by another role; the error has the remedy', async () => {
    const role = await scratch.role('CREATEDB');
    const own = await fixture.start({}, { url: serverUrl({ user: role, password: role }) });
    const theirs = await acquireDatabase(own);
    const session = await openSession(serverUrl({ database: theirs.name }));
    const error = await failureOf(resetDatabase(theirs, { graceMs: 0 }));
    expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', database: theirs.name });
    expect(error.hint).not.toBeNull();
    await session.close();
    await until(async () => (await resetDatabase(theirs)).how === 'unchanged', 'it can be reset');
    await fixture.end(own);
  });

  test('changes after a reset that a session has prevented are seen by the next one, also if idle sessions stay', async () => {
    const role = await scratch.role('CREATEDB');
    const own = await fixture.start(
      { template: { setup: setupWith('CREATE TABLE made (a int)') } },
      { url: serverUrl({ user: role, password: role }) },
    );
    const theirs = await acquireDatabase(own);
    const insert = async () => rowsIn(theirs.url, 'INSERT INTO made VALUES (1)');
    // From here on the probes of all tables are asked beforehand.
    await insert();
    expect(await resetDatabase(theirs)).toMatchObject({ how: 'rows' });
    const session = await openSession(serverUrl({ database: theirs.name }));
    expect(await failureOf(resetDatabase(theirs, { graceMs: 0 }))).toMatchObject({ code: 'SESSIONS_REMAIN' });
    await session.close();
    await insert();
    await until(
      async () => (await ask('SELECT FROM pg_stat_activity WHERE pid = $1', [session.pid])).length === 0,
      'the session is gone',
    );
    expect(await resetDatabase(theirs, { keepIdle: true })).toMatchObject({ how: 'rows' });
    expect(await rowsIn(theirs.url, 'SELECT FROM made')).toEqual([]);
    await fixture.end(own);
  });
});

test('prepared transactions are rolled back and named', async () => {
  await work(
    `BEGIN; INSERT INTO empty (b) VALUES ('x'); ALTER TABLE seeded ADD c int; PREPARE TRANSACTION 'it''s one'`,
  );
  expect(await resetDatabase(database)).toMatchObject({ prepared: ["it's one"], how: 'rows' });
  await isTemplate();
});

test('a subscription goes with a new copy', async () => {
  await work(
    `CREATE SUBSCRIPTION s_${database.name.slice(-6)} CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)`,
  );
  expect(await resetDatabase(database)).toMatchObject({ how: 'clone', reason: 'it has subscriptions' });
  await isTemplate();
});

test('a database that a test has dropped, renamed or recreated is restored', async () => {
  const drop = `DROP DATABASE ${quote(database.name)} WITH (FORCE)`;
  await ask(drop);
  expect(await resetDatabase(database)).toMatchObject({ how: 'clone' });
  await isTemplate();
  await ask(drop);
  await ask(`CREATE DATABASE ${quote(database.name)}`);
  expect(await resetDatabase(database)).toMatchObject({ how: 'clone' });
  await isTemplate();
});

test('rows come back in the order in which they were', async () => {
  await work('UPDATE seeded SET a = 10 - a; DELETE FROM seeded WHERE a = 8');
  await resetDatabase(database);
  expect(await work('SELECT a FROM seeded')).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
});

test('rows come back as they were, however settings have values written', async () => {
  const settings = [
    'extra_float_digits = -3',
    'datestyle = SQL, DMY',
    // An abbreviation of two zones.
    "timezone = 'Asia/Kolkata'",
    'intervalstyle = sql_standard',
    'array_nulls = off',
  ];
  const own = await acquireDatabase(
    await fixture.start({
      template: {
        setup:
          setupWith(`CREATE TABLE t AS SELECT 1 AS i, 1.0::float8 / 3 AS number, '2024-06-01 12:00+05:30'::timestamptz AS time,
            '1 year -2 days +3 hours'::interval AS span, ARRAY['NULL', NULL] AS texts;
          DO $$ BEGIN ${settings
            .map(
              (setting) =>
                `EXECUTE format('ALTER DATABASE %I SET ${setting.replaceAll("'", "''")}', current_database());`,
            )
            .join('\n')} END $$`),
      },
    }),
  );
  const written = async () =>
    rowsIn(
      own.url,
      `SELECT i, float8send(number), timestamptz_send(time), interval_send(span), array_position(texts, NULL) FROM t`,
    );
  const before = await written();
  await rowsIn(own.url, 'UPDATE t SET i = 2');
  expect(await resetDatabase(own)).toMatchObject({ how: 'rows' });
  expect(await written()).toEqual(before);
});
