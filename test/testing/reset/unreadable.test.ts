import { acquireDatabase, resetDatabase, type TestDatabase } from '@pg-evict/testing';
import { Scratch } from '../../support/scratch.js';
import { quote, serverMajor, serverUrl, withClient } from '../../support/server.js';
import { rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';

const scratch = new Scratch();
const fixture = new RunFixture();
afterAll(async () => {
  await fixture.cleanUp();
  await scratch.cleanUp();
});

/** A run whose role owns its databases and may do nothing else. */
async function asOwner(sql: string): Promise<TestDatabase> {
  const role = await scratch.role('CREATEDB');
  const url = serverUrl({ user: role, password: role });
  return acquireDatabase(await fixture.start({ template: { setup: setupWith(sql) } }, { url }));
}

const asSuperuser = async (sql: string): Promise<TestDatabase> =>
  acquireDatabase(await fixture.start({ template: { setup: setupWith(sql) } }));

const accounts = `CREATE TABLE account (id int PRIMARY KEY, tenant text);
  INSERT INTO account VALUES (1, 'a'), (2, 'b');
  ALTER TABLE account ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON account USING (tenant = current_setting('app.tenant', true));`;
const forced = `${accounts} ALTER TABLE account FORCE ROW LEVEL SECURITY;`;

/** What a superuser sees of a database. */
const rowsOf = async (database: TestDatabase, sql: string): Promise<unknown[]> =>
  withClient(serverUrl({ database: database.name }), async (client) => (await client.query(sql)).rows);

describe('row-level security', () => {
  test.each([
    ['forced on the owner', forced],
    [
      'forced, with a policy that only restricts',
      `${forced} CREATE POLICY less ON account AS RESTRICTIVE USING (id > 0)`,
    ],
    ['forced, without a policy', `${forced} DROP POLICY own ON account`],
    [
      'forced on a partition',
      `CREATE TABLE account (id int, tenant text) PARTITION BY LIST (tenant);
      CREATE TABLE account_a PARTITION OF account FOR VALUES IN ('a');
      CREATE TABLE account_b PARTITION OF account FOR VALUES IN ('b');
      INSERT INTO account VALUES (1, 'a'), (2, 'b');
      ALTER TABLE account_b ENABLE ROW LEVEL SECURITY; ALTER TABLE account_b FORCE ROW LEVEL SECURITY`,
    ],
    [
      'forced, below a materialized view',
      `CREATE TABLE account (id int, tenant text); INSERT INTO account VALUES (1, 'a'), (2, 'b');
      CREATE MATERIALIZED VIEW tenants AS SELECT tenant FROM account;
      ALTER TABLE account ENABLE ROW LEVEL SECURITY; ALTER TABLE account FORCE ROW LEVEL SECURITY`,
    ],
  ])('%s: a copy is made each time, and the reason names admin', async (_what, sql) => {
    const database = await asOwner(sql);
    const everything = `SELECT id, tenant FROM account ORDER BY id`;
    const before = await rowsOf(database, everything);
    expect(before).toHaveLength(2);
    await rowsOf(database, `INSERT INTO account VALUES (3, 'a')`);
    const report = await resetDatabase(database);
    expect(report).toMatchObject({ how: 'clone', reason: expect.stringContaining('row-level security') });
    expect(report.reason).toContain('`admin`');
    expect(await rowsOf(database, everything)).toEqual(before);
  });

  test('that is not forced on the owner does not apply to our role: rows are restored', async () => {
    const database = await asOwner(accounts);
    await rowsOf(database, `UPDATE account SET tenant = 'c'`);
    expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
    expect(await rowsIn(database.url, 'SELECT tenant FROM account ORDER BY id')).toEqual([
      { tenant: 'a' },
      { tenant: 'b' },
    ]);
  });

  test('does not apply to a superuser: rows are put back', async () => {
    const database = await asSuperuser(forced);
    await rowsOf(database, `DELETE FROM account WHERE id = 1`);
    expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
    expect(await rowsOf(database, 'SELECT id FROM account ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('that a test forces on its tables ends with a copy', async () => {
    const database = await asOwner(accounts);
    await rowsIn(database.url, 'ALTER TABLE account FORCE ROW LEVEL SECURITY');
    expect(await resetDatabase(database)).toMatchObject({ how: 'clone' });
    expect(await rowsIn(database.url, 'SELECT id FROM account ORDER BY id')).toHaveLength(2);
  });
});

describe('materialized views that are not populated', () => {
  const schema = `CREATE TABLE sale (amount int); INSERT INTO sale VALUES (1), (2);
    CREATE MATERIALIZED VIEW totals AS SELECT sum(amount)::int AS total FROM sale WITH NO DATA;
    CREATE MATERIALIZED VIEW counts AS SELECT count(*)::int AS count FROM sale;`;
  const populated = `SELECT relname FROM pg_class WHERE relkind = 'm' AND relispopulated ORDER BY 1`;

  test.each([
    ['nothing', 'SELECT 1', 'unchanged'],
    ['rows', 'INSERT INTO sale VALUES (3)', 'rows'],
    ['REFRESH of what was not populated', 'REFRESH MATERIALIZED VIEW totals', 'clone'],
    [
      'the same, and back',
      'REFRESH MATERIALIZED VIEW totals; REFRESH MATERIALIZED VIEW totals WITH NO DATA',
      'unchanged',
    ],
    ['REFRESH WITH NO DATA of what was', 'REFRESH MATERIALIZED VIEW counts WITH NO DATA', 'clone'],
    ['REFRESH of what was populated', 'REFRESH MATERIALIZED VIEW counts', 'clone'],
  ])('after %s', async (_what, sql, how) => {
    const database = await asSuperuser(schema);
    await rowsIn(database.url, sql);
    expect(await resetDatabase(database)).toMatchObject({ how });
    expect(await rowsIn(database.url, populated)).toEqual([{ relname: 'counts' }]);
    expect(await rowsIn(database.url, 'SELECT count FROM counts')).toEqual([{ count: 2 }]);
    expect(await rowsIn(database.url, 'SELECT amount FROM sale')).toEqual([{ amount: 1 }, { amount: 2 }]);
  });
});

test('tables and sequences of another role, which ours may not read, have a copy made each time', async () => {
  const other = await scratch.role('');
  const role = await scratch.role('CREATEDB');
  const url = serverUrl({ user: role, password: role });
  const setup = async (to: string): Promise<void> => {
    const asAdmin = new URL(to);
    const { username, password } = new URL(serverUrl());
    Object.assign(asAdmin, { username, password });
    await withClient(asAdmin.href, async (client) => {
      await client.query(`CREATE TABLE theirs (id serial, a int); INSERT INTO theirs (a) VALUES (1);
        ALTER TABLE theirs OWNER TO ${quote(other)}`);
    });
  };
  const database = await acquireDatabase(await fixture.start({ template: { setup } }, { url }));
  expect(await resetDatabase(database)).toMatchObject({
    how: 'clone',
    reason: expect.stringMatching(
      /may not read public\.theirs, public\.theirs_id_seq|may not read public\.theirs_id_seq, public\.theirs/,
    ),
  });
});

test('a table with a column whose computation fails when it is read is copied, others are put back', async () => {
  // Before 18 generated columns are stored, so they do not fail when they are read.
  const isComputedLate = serverMajor >= 18;
  const database = await asSuperuser(`CREATE TABLE ratio (a int, b int GENERATED ALWAYS AS
      (10 / ${isComputedLate ? 'a) VIRTUAL' : '(a + 1)) STORED'});
    INSERT INTO ratio (a) VALUES (1), (0); CREATE TABLE plain (a int); INSERT INTO plain VALUES (1)`);
  await rowsIn(database.url, 'UPDATE plain SET a = 2');
  expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
  await rowsIn(database.url, 'UPDATE ratio SET a = 2');
  expect(await resetDatabase(database)).toMatchObject({ how: isComputedLate ? 'clone' : 'rows' });
  expect(await rowsIn(database.url, 'SELECT a FROM ratio ORDER BY a')).toEqual([{ a: 0 }, { a: 1 }]);
});
