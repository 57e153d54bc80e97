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
    },
    { isolation: 'test' },
  );
  const run = await project.run();
  expect({ code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
    code: 0,
    passed: 2,
    output: '',
  });
});
