const pool = `import { Pool } from 'pg';
import { afterAll, expect, test } from 'vitest';
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
afterAll(() => pool.end());`;

/** What is compared. The floor leaves its files' rows where they are, in one database for all. */
export const methods = [{ name: 'shared database', floor: true }, { name: 'pg-evict' }];

/** Whether each file has a process and modules of its own, with what is aimed at for each kind of file. */
export const modes = [
  {
    name: 'isolate: true',
    test: { isolate: true, pool: 'forks' },
    aims: { 'no database': 1.1, reads: 1.1, 'changes rows': 1.15 },
  },
  {
    name: 'isolate: false',
    test: { isolate: false, pool: 'forks' },
    aims: { 'no database': 1.15, reads: 1.15, 'changes rows': 1.25 },
  },
];

/** What a test file does. */
export const kinds = [
  {
    name: 'no database',
    code: () => `import { expect, test } from 'vitest';
test('adds', () => { expect(1 + 1).toBe(2); });`,
  },
  {
    name: 'reads',
    code: () => `${pool}
test('reads', async () => {
  const { rows } = await pool.query('SELECT count(*)::int AS n FROM t1');
  expect(rows[0].n).toBeGreaterThan(0);
});`,
  },
  {
    name: 'changes rows',
    code: (index) => `${pool}
test.each([2, 3, 4])('writes into t%i', async (table) => {
  await pool.query(\`INSERT INTO t\${table} (label) SELECT 'file ${index}, row ' || n FROM generate_series(1, 5) n\`);
  const { rows } = await pool.query(\`SELECT count(*)::int AS n FROM t\${table} WHERE label LIKE 'file ${index},%'\`);
  expect(rows[0].n).toBeGreaterThanOrEqual(5);
});`,
  },
];
