const environment = (name) => new URL(`environments/${name}.cjs`, import.meta.url);

/**
 * What is compared. The floor leaves its files' rows where they are, in one database for all. `peer` names the package
 * that a method is from, `client` the way its test files get their database.
 */
export const methods = [
  { name: 'shared database', floor: true },
  { name: 'pg-evict', preset: '@pg-evict/jest' },
  { name: 'clone per file', environment: environment('clone-per-file') },
  { name: 'DROP FORCE + CREATE TEMPLATE', environment: environment('force-per-file') },
  { name: 'TRUNCATE all per file', environment: environment('truncate-per-file') },
  {
    name: 'PGlite per file',
    environment: environment('pglite-per-file'),
    client: 'pglite',
    peer: '@electric-sql/pglite',
  },
  {
    name: 'PGlite per worker, TRUNCATE all per file',
    environment: environment('pglite-per-worker'),
    client: 'pglite',
    peer: '@electric-sql/pglite',
  },
  { name: 'pgsql-test', client: 'pgsql-test', peer: 'pgsql-test' },
];

/** How a test file gets `db`, whose `query` all of them have. */
const clients = {
  pg: `
const { Pool } = require('pg');
const db = new Pool({ connectionString: process.env.DATABASE_URL });
afterAll(() => db.end());`,
  // PGlite cannot be loaded by a test file: Jest has no import() for it. The environment opens it, and closes it.
  pglite: `
let db;
beforeAll(async () => { db = await openDatabase(); });`,
  'pgsql-test': `
const { getConnections } = require('pgsql-test');
let db, teardown;
beforeAll(async () => {
  const { hostname: host, port, username: user, password } = new URL(process.env.DATABASE_URL);
  const pg = { host, port: Number(port), user, password };
  ({ pg: db, teardown } = await getConnections({ pg, db: { template: 'bench_template' } }, []));
});
beforeEach(() => db.beforeEach());
afterEach(() => db.afterEach());
afterAll(() => teardown());`,
};

/** What a test file does, with the aims for it: of the shared database, and per file beyond it in milliseconds. */
export const kinds = [
  {
    name: 'no database',
    aim: 1.08,
    code: () => `test('adds', () => { expect(1 + 1).toBe(2); });`,
  },
  {
    name: 'reads',
    aim: 1.1,
    aimPerFile: 3,
    code: (index, client = 'pg') => `${clients[client]}
test('reads', async () => {
  const { rows } = await db.query('SELECT count(*)::int AS n FROM t1');
  expect(rows[0].n).toBeGreaterThan(0);
});`,
  },
  {
    name: 'changes rows',
    aim: 1.15,
    aimPerFile: 8,
    code: (index, client = 'pg') => `${clients[client]}
test.each([2, 3, 4])('writes into t%i', async (table) => {
  await db.query(\`INSERT INTO t\${table} (label) SELECT 'file ${index}, row ' || n FROM generate_series(1, 5) n\`);
  const { rows } = await db.query(\`SELECT count(*)::int AS n FROM t\${table} WHERE label LIKE 'file ${index},%'\`);
  expect(rows[0].n).toBeGreaterThanOrEqual(5);
});`,
  },
];
