import { ask, quote, serverUrl, uniqueName } from '../../support/server.js';
import { rowsIn } from '../../support/testing/run-fixture.js';
import { databasesIn, untilGone, VitestFixture } from '../../support/vitest/vitest-fixture.js';
import { configuration } from '../../support/vitest/vitest-project.js';

const fixture = new VitestFixture();

const pool = `import pg from 'pg';
export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
export const count = async () => (await pool.query('SELECT count(*)::int AS n FROM users')).rows[0].n;
`;

const sharing = (change: string): string => `import { appendFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { count, pool } from './pool.js';
test('finds what the template has', async () => {
  expect(await count()).toBe(1);
  appendFileSync('found.log', process.env.DATABASE_URL + '\\n');
  await pool.query("INSERT INTO users (name) VALUES ('x')");
  ${change}
});
`;

test.each(['forks', 'threads'])(
  'files that share modules keep one database and their pools, in %s',
  async (name) => {
    const project = fixture.project({
      'vitest.config.ts': configuration(`isolate: false, pool: '${name}', maxWorkers: 1`),
      'tests/pool.ts': pool,
      'tests/rows.test.ts': sharing(''),
      'tests/schema.test.ts': sharing(`await pool.query('CREATE TABLE extra (id int)');`),
      'tests/transaction.test.ts': sharing(
        `const client = await pool.connect(); await client.query('BEGIN'); await client.query('LOCK users');`,
      ),
      'tests/rows-again.test.ts': sharing(''),
    });
    const run = await project.run();
    expect({ code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
      code: 0,
      passed: 4,
      output: '',
    });
    const found = project.lines('found.log').join('\n');
    expect(databasesIn(found)).toHaveLength(1);
    await untilGone(found);
  },
);

test('sessions of shared pools stay connected between files, until a copy is made, without any message', async () => {
  const logging = (name: string, change: string): string => `import { appendFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { count, lone, pool } from './pool.js';
test('finds what the template has', async () => {
  expect(await count()).toBe(1);
  const { rows: [{ pid }] } = await pool.query('SELECT pg_backend_pid() AS pid');
  const other = (await lone).query('SELECT pg_backend_pid() AS pid').then(({ rows }) => rows[0].pid, () => 'lost');
  appendFileSync('pids.log', '${name} ' + pid + ' ' + (await other) + '\\n');
  await pool.query("INSERT INTO users (name) VALUES ('x')");
  ${change}
});
`;
  const project = fixture.project({
    'vitest.config.ts': configuration(
      `isolate: false, pool: 'forks', maxWorkers: 1, sequence: { sequencer: class {
        async sort(files) { return files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)); }
        async shard(files) { return files; } } }`,
    ),
    'tests/pool.ts': `${pool}
pool.on('error', () => { process.stderr.write('the pool was told'); process.exit(1); });
export const lone = (async () => { const client = new pg.Client(process.env.DATABASE_URL); await client.connect(); return client; })();`,
    'tests/1.test.ts': logging('one', ''),
    'tests/2.test.ts': logging('two', ''),
    'tests/3.test.ts': logging(
      'three',
      `const held = await pool.connect(); await held.query('BEGIN'); await held.query('LOCK users');`,
    ),
    'tests/4.test.ts': logging('four', `await (await lone).query('CREATE TABLE extra ()');`),
    'tests/5.test.ts': logging('five', ''),
  });
  const run = await project.run();
  expect({ code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
    code: 0,
    passed: 5,
    output: '',
  });
  const found = project.lines('pids.log').map((line) => line.split(' ').slice(1));
  const [[shared, lone] = []] = found;
  expect(found).toEqual([
    [shared, lone],
    [shared, lone],
    [shared, lone],
    // A session that was left in a transaction is ended, and the client that stays is the same.
    [expect.not.stringMatching(shared ?? ''), lone],
    [expect.stringMatching(/^\d+$/), 'lost'],
  ]);
  expect(found[4]?.[0]).not.toBe(found[3]?.[0]);
  expect(run.output).not.toContain('the pool was told');
  expect(run.output).toMatch(
    /pg-evict: a reset for tests\/4\.test\.ts has terminated the session of a client\. A pool would connect again, but a single client does not\.[^]* Opened at:\n {2}tests\/pool\.ts:\d+:/,
  );
});

test('a session that a reset terminates raises no error later, however slowly its process takes notice', async () => {
  const project = fixture.project({
    'vitest.config.ts': configuration(`isolate: false, pool: 'forks', maxWorkers: 1`),
    // Each turn of the event loop takes long, so the end of a session and the close of its socket are far apart.
    'tests/pool.ts': `${pool}
pool.options.max = 50;
const busy = () => { const end = performance.now() + 15; while (performance.now() < end); setTimeout(busy, 1).unref(); };
busy();`,
    ...Object.fromEntries(
      [1, 2, 3, 4, 5].map((index) => [
        `tests/${index}.test.ts`,
        sharing(
          `for (const _ of [1, 2, 3]) await (await pool.connect()).query('BEGIN; LOCK users IN ROW SHARE MODE');`,
        ),
      ]),
    ),
  });
  const run = await project.run();
  expect({ code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
    code: 0,
    passed: 5,
    output: '',
  });
});

test("with isolation 'test' each attempt at a test begins with what the template has", async () => {
  const project = fixture.project(
    {
      'tests/pool.ts': pool,
      'tests/each.test.ts': `import { afterAll, beforeEach, expect, test } from 'vitest';
import { count, pool } from './pool.js';
let attempts = 0;
beforeEach(async () => { await pool.query("INSERT INTO users (name) VALUES ('each')"); });
afterAll(() => pool.end());
test('once', async () => { expect(await count()).toBe(2); });
test('again', { retry: 2 }, async () => {
  expect(await count()).toBe(2);
  attempts += 1;
  expect(attempts).toBe(3);
});
`,
      // A pool of knex replaces a session that a new copy has ended after a timer of its own.
      'tests/fakes.test.ts': `import newKnex from 'knex';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
const knex = newKnex({ client: 'pg', connection: process.env.DATABASE_URL });
beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });
afterAll(() => knex.destroy());
test.each([1, 2, 3])('fakes, time %i', async () => {
  expect(await knex('users').pluck('id')).toHaveLength(1);
  await knex.schema.createTable('more', (table) => table.increments());
});
`,
    },
    { isolation: 'test' },
  );
  const run = await project.run();
  expect({ code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
    code: 0,
    passed: 5,
    output: '',
  });
});

test("with isolation 'run' all files share one database of a fixed name, which stays", async () => {
  const database = uniqueName('vitest_test');
  const source = `import { appendFileSync } from 'node:fs';
import pg from 'pg';
import { test } from 'vitest';
test('adds a row', async () => {
  const client = new pg.Client();
  await client.connect();
  await client.query("INSERT INTO users (name) VALUES ('x')");
  await client.end();
  appendFileSync('found.log', client.database + '\\n');
});`;
  const files = { 'tests/one.test.ts': source, 'tests/two.test.ts': source };
  const project = fixture.project(files, { isolation: 'run', database });
  // Is made again from the template.
  await ask(`CREATE DATABASE ${quote(database)}`);
  try {
    expect(await project.run()).toMatchObject({ code: 0, passed: 2 });
    expect(project.lines('found.log')).toEqual([database, database]);
    expect(await rowsIn(serverUrl({ database }), 'SELECT name FROM users ORDER BY id')).toEqual(
      ['ada', 'x', 'x'].map((name) => ({ name })),
    );
  } finally {
    await ask(`DROP DATABASE IF EXISTS ${quote(database)}`);
  }
});
