import { jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { withWorkers } from '../../support/jest/jest-project.js';

const fixture = new JestFixture();

/** Each template has its own content; \`notes\` is the default one. */
const config = `
const { Client } = require('pg');
const setup = (sql) => ({
  async setup(url) {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(sql);
    await client.end();
  },
  inputs: ['pg-evict.config.cjs'],
});
module.exports = { testing: {
  template: setup("CREATE TABLE notes AS SELECT 'template' AS text"),
  templates: {
    shop: setup('CREATE TABLE products AS SELECT 1 AS id'),
    blog: setup('CREATE TABLE posts AS SELECT 2 AS id'),
    bare: { command: 'true', inputs: 'no/*.sql' },
    wiki: { command: 'true', seed: true },
  },
} };`;

const head = `
const { Client } = require('pg');
const { borrowDatabase, resetDatabase } = require('@pg-evict/jest/worker');
const ask = async (url, sql) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try { return (await client.query(sql)).rows; } finally { await client.end(); }
};
const tables = (url) => ask(url, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1");
const own = process.env.DATABASE_URL;
// Templates are built when they are first asked for.
jest.setTimeout(300_000);`;

describe('@pg-evict/jest/worker', () => {
  it.each(jestVersions)('is imported by a module where there is no jsdom, in %s', async (version) => {
    const jest = {
      preset: '@pg-evict/jest',
      transform: {},
      testMatch: ['**/*.test.mjs'],
      moduleNameMapper: { '^jest-environment-jsdom$': '<rootDir>/none.cjs' },
    };
    const project = fixture.project(
      'plain',
      {
        'jest.config.cjs': `module.exports = ${JSON.stringify(jest)};`,
        'tests/one.test.mjs': `import { borrowDatabase } from '@pg-evict/jest/worker';
          test('lends', async () => {
            expect((await borrowDatabase()).url).not.toBe(process.env.DATABASE_URL);
          });`,
      },
      version,
    );
    const run = await project.run({
      parameters: ['--config=jest.config.cjs', 'one'],
      env: { NODE_OPTIONS: '--experimental-vm-modules' },
    });
    expect(run).toMatchObject({ code: 0, passed: 1 });
  });

  it('lends more databases of each template by its name, and resets on demand', async () => {
    const project = fixture.project('plain', {
      'pg-evict.config.cjs': config,
      'tests/one.test.js': `${head}
        test('each has the content of its template', async () => {
          const shop = await borrowDatabase({ template: 'shop' });
          const blog = await borrowDatabase({ template: 'blog' });
          const other = await borrowDatabase();
          const empty = await borrowDatabase({ empty: true });
          expect(new Set([own, shop.url, blog.url, other.url, empty.url]).size).toBe(5);
          expect(await tables(shop.url)).toEqual([{ relname: 'products' }]);
          expect(await tables(blog.url)).toEqual([{ relname: 'posts' }]);
          expect(await tables(other.url)).toEqual([{ relname: 'notes' }]);
          expect(await tables(empty.url)).toEqual([]);
          await ask(shop.url, 'INSERT INTO products VALUES (7); CREATE TABLE more ()');
          await shop.reset();
          expect(await tables(shop.url)).toEqual([{ relname: 'products' }]);
          expect(await ask(shop.url, 'SELECT id FROM products')).toEqual([{ id: 1 }]);
          await ask(shop.url, 'DELETE FROM products');
          await shop.release();
          await shop.release();
          await expect(shop.reset()).rejects.toMatchObject({ code: 'REFUSED' });
        });
        test('a database that was given back is lent again with its original content', async () => {
          const shop = await borrowDatabase({ template: 'shop' });
          expect(await ask(shop.url, 'SELECT id FROM products')).toEqual([{ id: 1 }]);
        });
        test('resets its own database, not the others', async () => {
          const other = await borrowDatabase();
          for (const url of [own, other.url]) await ask(url, "INSERT INTO notes VALUES ('more')");
          await resetDatabase();
          expect(await ask(own, 'SELECT text FROM notes')).toHaveLength(1);
          expect(await ask(other.url, 'SELECT text FROM notes')).toHaveLength(2);
        });
        test('pools and clients of a borrowed database survive its reset', async () => {
          const { Pool } = require('pg');
          const other = await borrowDatabase();
          const pool = new Pool({ connectionString: other.url });
          const client = new Client({ connectionString: other.url });
          await client.connect();
          const pid = async (of) => (await of.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
          const before = [await pid(pool), await pid(client)];
          await pool.query("INSERT INTO notes VALUES ('more')");
          await other.reset();
          expect([await pid(pool), await pid(client)]).toEqual(before);
          await pool.query('CREATE TABLE extra ()');
          await client.end();
          await other.reset();
          expect(await pid(pool)).not.toBe(before[0]);
          expect((await pool.query('SELECT text FROM notes')).rows).toHaveLength(1);
          await pool.end();
        });
        test('a template that is not configured is refused by its name', async () => {
          await expect(borrowDatabase({ template: 'nobody' })).rejects.toMatchObject({
            code: 'CONFIG_INVALID', message: expect.stringContaining('It has shop, blog, bare, wiki.'),
          });
        });
        test('a wrong setting of another template is named as it is in the configuration', async () => {
          await expect(borrowDatabase({ template: 'bare' })).rejects.toThrow('testing.templates.bare.inputs');
          await expect(borrowDatabase({ template: 'wiki' })).rejects.toThrow('testing.templates.wiki has seed');
        });`,
      'tests/two.test.js': `${head}
        test('a session on a borrowed database is a leak as well', async () => {
          const shop = await borrowDatabase({ template: 'shop' });
          const client = new Client({ connectionString: shop.url });
          await client.connect();
        });`,
    });
    const run = await project.run({ parameters: withWorkers });
    expect(run).toMatchObject({ code: 1, passed: 7 });
    expect(run.stderr).toContain('tests/two.test.js left 1 PostgreSQL session open');
    expect(run.stderr).not.toContain('tests/one.test.js left');
  });
});
