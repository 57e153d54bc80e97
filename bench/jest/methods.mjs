const environment = (name) => new URL(`environments/${name}.cjs`, import.meta.url);

/** What is compared. The floor leaves its files' rows where they are, in one database for all. */
export const methods = [
  { name: 'shared database', floor: true },
  { name: 'pg-evict', preset: '@pg-evict/jest' },
  { name: 'clone per file', environment: environment('clone-per-file') },
  { name: 'DROP FORCE + CREATE TEMPLATE', environment: environment('force-per-file') },
  { name: 'TRUNCATE all per file', environment: environment('truncate-per-file') },
];

/** What a test file does. */
export const kinds = [
  {
    name: 'no database',
    aim: 1.03,
    code: () => `test('adds', () => { expect(1 + 1).toBe(2); });`,
  },
  {
    name: 'reads',
    aim: 1.03,
    code: () => `
const { Pool } = require('pg');
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
afterAll(() => pool.end());
test('reads', async () => {
  const { rows } = await pool.query('SELECT count(*)::int AS n FROM t1');
  expect(rows[0].n).toBeGreaterThan(0);
});`,
  },
  {
    name: 'changes rows',
    aim: 1.1,
    code: (index) => `
const { Pool } = require('pg');
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
afterAll(() => pool.end());
test.each([2, 3, 4])('writes into t%i', async (table) => {
  await pool.query(\`INSERT INTO t\${table} (label) SELECT 'file ${index}, row ' || n FROM generate_series(1, 5) n\`);
  const { rows } = await pool.query(\`SELECT count(*)::int AS n FROM t\${table} WHERE label LIKE 'file ${index},%'\`);
  expect(rows[0].n).toBeGreaterThanOrEqual(5);
});`,
  },
];
