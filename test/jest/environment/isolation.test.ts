import { ask, serverUrl, withClient } from '../../support/server.js';
import { jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand, withWorkers } from '../../support/jest/jest-project.js';

const config = (testing: string): string => `const base = require('./base.config.cjs');
module.exports = { ...base, testing: { ...base.testing, ${testing} } };`;

const base = `const { Client } = require('pg');
module.exports = { testing: { template: {
  async setup(url) {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query("CREATE TABLE notes AS SELECT 'template' AS text");
    await client.end();
  },
  inputs: 'base.config.cjs',
} } };`;

describe("isolation: 'test'", () => {
  const fixture = new JestFixture();

  it.each(jestVersions)(
    'gives each test the template, while pools of the file stay open, in %s',
    async (version) => {
      const files = {
        'base.config.cjs': base,
        'pg-evict.config.cjs': config("isolation: 'test'"),
        'tests/one.test.js': `
        const { Pool } = require('pg');
        const pool = new Pool();
        const knex = require('knex')({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 2, max: 5 } });
        const sql = require('postgres')(process.env.DATABASE_URL);
        const texts = async () => (await pool.query('SELECT text FROM notes')).rows.map(({ text }) => text);
        beforeAll(async () => { await pool.query("INSERT INTO notes VALUES ('before all')"); });
        afterAll(async () => { await Promise.all([pool.end(), knex.destroy(), sql.end()]); });
        for (const number of [1, 2, 3, 4]) {
          test('changes everything, time ' + number, async () => {
            expect(await texts()).toEqual(['template']);
            expect(await knex('notes').pluck('text')).toEqual(['template']);
            expect(await sql\`SELECT text FROM notes\`).toEqual([{ text: 'template' }]);
            await Promise.all(Array.from({ length: 5 }, () => pool.query("INSERT INTO notes VALUES ('more')")));
            await knex('notes').insert({ text: 'knex' });
            if (number === 2) await knex.schema.createTable('more', (table) => table.increments());
            expect(await texts()).toHaveLength(7);
          });
        }
        test.skip('is left out', () => undefined);
        test('an error of its own is still its own', async () => {
          await expect(pool.query('SELECT nonsense')).rejects.toMatchObject({ code: '42703' });
        });`,
        'tests/two.test.js': `
        const { Client } = require('pg');
        const names = ['a', 'b', 'c'];
        const client = new Client();
        beforeEach(async () => undefined);
        describe('at the same time', () => {
          test.concurrent.each(names)('%s shares the database', async (name) => {
            const own = new Client();
            await own.connect();
            await own.query('CREATE TABLE ' + name + ' ()');
            await new Promise((resolve) => setTimeout(resolve, 20));
            const { rows } = await own.query("SELECT relname FROM pg_class WHERE relname = '" + name + "'");
            await own.end();
            expect(rows).toHaveLength(1);
          });
        });`,
      };
      const run = await fixture.project('plain', files, version).run({ parameters: withWorkers });
      expect(run.files).toEqual({
        'one.test.js': { status: 'focused', message: '' },
        'two.test.js': { status: 'passed', message: '' },
      });
      expect(run).toMatchObject({ code: 0, passed: 8 });
    },
  );

  it('gives each test the template, whatever a connection to another database did that was open before', async () => {
    const project = fixture.project('plain', {
      'base.config.cjs': base,
      'pg-evict.config.cjs': config("isolation: 'test'"),
      'tests/one.test.js': `
        const { Client } = require('pg');
        const { pathname } = new URL(process.env.DATABASE_URL);
        const settings = async () => {
          const client = new Client();
          await client.connect();
          const { rows } = await client.query("SELECT current_setting('work_mem') AS memory");
          await client.end();
          return rows;
        };
        const other = new Client({ database: 'postgres' });
        test('opens it', async () => { await other.connect(); });
        test('changes through it, and closes it', async () => {
          await other.query('ALTER DATABASE ' + pathname.slice(1) + " SET work_mem = '123kB'");
          await other.end();
        });
        test('finds the template', async () => { expect(await settings()).toEqual([{ memory: '4MB' }]); });`,
    });
    const run = await project.run({ parameters: [...inBand, 'one.test'] });
    expect(run.files['one.test.js']).toEqual({ status: 'passed', message: '' });
  });

  it('leaves sessions that are idle connected, and says so where a client is lost with a new copy', async () => {
    const project = fixture.project('plain', {
      'base.config.cjs': base,
      'pg-evict.config.cjs': config("isolation: 'test'"),
      'tests/one.test.js': `
        const { Client, Pool } = require('pg');
        const knex = require('knex')({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 2, max: 5 } });
        const client = new Client();
        const pool = new Pool();
        const told = jest.fn();
        pool.on('error', told);
        const pid = async () => (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
        let first;
        beforeAll(async () => { await client.connect(); first = await pid(); });
        afterAll(async () => { await Promise.all([pool.end(), knex.destroy(), client.end()]); });
        test.each([1, 2, 3])('changes rows, time %i', async (number) => {
          expect(await knex('notes').pluck('text')).toEqual(['template']);
          expect(await pid()).toBe(first);
          await client.query("INSERT INTO notes VALUES ('client')");
          await knex('notes').insert({ text: 'knex' });
          await pool.query("INSERT INTO notes VALUES ('pool')");
          if (number === 3) await pool.query('CREATE TABLE extra ()');
        });
        test('goes on after a copy', async () => {
          expect((await pool.query('SELECT text FROM notes')).rows).toHaveLength(1);
          expect(told).not.toHaveBeenCalled();
          await expect(pid()).rejects.toThrow();
        });`,
    });
    const run = await project.run({ parameters: [...inBand, 'one.test'] });
    expect(run.files['one.test.js']).toEqual({ status: 'passed', message: '' });
    expect(run.stderr).toMatch(
      /pg-evict: a reset for tests\/one\.test\.js has terminated the session of a client\. A pool would connect again, but a single client does not\.[^]*tests\/one\.test\.js:\d+:/,
    );
    // knex says of two connections that they were taken away, of none between tests that have only changed rows.
    expect(run.stderr.match(/Connection Error/g)?.length ?? 0).toBeLessThanOrEqual(2);
  });

  it.each([
    ['rows are undone', "knex('notes').insert({ text: 'knex' })"],
    ['a copy is made', "knex.schema.createTable('more', (table) => table.increments())"],
  ])('goes on with the pool of knex while timers are faked, where %s', async (_, change) => {
    const files = {
      'base.config.cjs': base,
      'pg-evict.config.cjs': config("isolation: 'test'"),
      'tests/one.test.js': `
      const knex = require('knex')({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 2, max: 5 } });
      afterAll(async () => { jest.useRealTimers(); await knex.destroy(); });
      for (const number of [1, 2, 3, 4, 5, 6]) {
        test('begins with the template, time ' + number, async () => {
          if (number === 2) jest.useFakeTimers({ now: new Date() });
          const [one, two] = await Promise.all([knex('notes').pluck('text'), knex('notes').pluck('text')]);
          expect([one, two]).toEqual([['template'], ['template']]);
          await ${change};
        });
      }`,
      'tests/two.test.js': `
      const knex = require('knex')({ client: 'pg', connection: process.env.DATABASE_URL });
      beforeEach(() => { jest.useFakeTimers({ legacyFakeTimers: true }); });
      afterEach(() => { jest.useRealTimers(); });
      afterAll(async () => knex.destroy());
      test.each([1, 2, 3, 4])('has fake timers while it runs, time %i', async () => {
        expect(await knex('notes').pluck('text')).toEqual(['template']);
        await ${change};
        const told = jest.fn();
        setTimeout(told, 0);
        await Promise.resolve();
        expect(told).not.toHaveBeenCalled();
        jest.advanceTimersByTime(1);
        expect(told).toHaveBeenCalled();
      });`,
    };
    const run = await fixture.project('plain', files).run({ parameters: inBand });
    expect(run).toMatchObject({ code: 0, passed: 10 });
  });

  it('never tells a client that connects during a reset that its database is missing', async () => {
    const project = fixture.project('plain', {
      'base.config.cjs': base,
      'pg-evict.config.cjs': config("isolation: 'test'"),
      'tests/one.test.js': `
        const { Client } = require('pg');
        const failures = [];
        let [isOver, connected] = [false, 0];
        const connectAgainAndAgain = async () => {
          while (!isOver) {
            const client = new Client();
            client.on('error', () => undefined);
            await client.connect().then(() => (connected += 1), ({ code }) => failures.push(code));
            await client.end();
          }
        };
        const workers = [connectAgainAndAgain(), connectAgainAndAgain()];
        afterAll(async () => { isOver = true; await Promise.all(workers); });
        test.each([1, 2, 3, 4, 5, 6, 7, 8])('changes the schema, time %i', async () => {
          const client = new Client();
          await client.connect();
          await client.query('CREATE TABLE extra ()');
          await client.end();
        });
        test('has connected', () => {
          expect(connected).toBeGreaterThan(0);
          expect([...new Set(failures)]).not.toContain('3D000');
        });`,
    });
    const run = await project.run({ parameters: [...inBand, 'one.test'] });
    expect(run.files['one.test.js']).toEqual({ status: 'passed', message: '' });
  });

  it('fails with any other error between two tests', async () => {
    const project = fixture.project('plain', {
      'base.config.cjs': base,
      'pg-evict.config.cjs': config("isolation: 'test'"),
      'tests/one.test.js': `
        test('one', () => { setTimeout(() => { throw new Error('of the application'); }, 0); });
        test('two', async () => { await new Promise((resolve) => setTimeout(resolve, 50)); });`,
    });
    const run = await project.run({ parameters: [...inBand, 'one.test'] });
    expect(run.code).toBe(1);
    expect(run.files['one.test.js']?.message).toContain('of the application');
  });

  it('may be set by one file for itself', async () => {
    const project = fixture.project('plain', {
      'tests/one.test.js': `/** @jest-environment-options {"pgEvict": {"isolation": "test"}} */
        const { Pool } = require('pg');
        const pool = new Pool();
        afterAll(async () => pool.end());
        test.each([1, 2])('finds the template, time %i', async () => {
          expect((await pool.query('SELECT text FROM notes')).rows).toHaveLength(1);
          await pool.query("INSERT INTO notes VALUES ('more')");
        });`,
    });
    expect(await project.run({ parameters: inBand })).toMatchObject({ code: 0, passed: 3 });
  });
});

describe("isolation: 'run'", () => {
  const fixture = new JestFixture();

  it('gives the whole run one database of a fixed name, which is recreated before and stays', async () => {
    const project = fixture.project('plain', {
      'base.config.cjs': base,
      'pg-evict.config.cjs': config("isolation: 'run', database: 'shop_test'"),
      'tests/one.test.js': `
        const { Pool } = require('pg');
        const pool = new Pool({ connectionString: process.env.DATABASE_URL });
        afterAll(async () => pool.end());
        test('is on the database of the run', async () => {
          const { rows } = await pool.query('SELECT current_database() AS name, count(*)::int FROM notes');
          expect(rows[0].name).toBe('shop_test');
          await pool.query("INSERT INTO notes VALUES ('one')");
        });`,
      'tests/two.test.js': `
        const { Pool } = require('pg');
        const pool = new Pool({ connectionString: process.env.DATABASE_URL });
        test('leaks', async () => { await pool.query("INSERT INTO notes VALUES ('two')"); });`,
    });
    for (const time of [1, 2]) {
      const run = await project.run({ parameters: withWorkers });
      expect([time, run.passed, run.files['one.test.js']]).toEqual([
        time,
        2,
        { status: 'passed', message: '' },
      ]);
      expect(run.files['two.test.js']?.message).toContain('left 1 PostgreSQL session open');
      const texts = await withClient(serverUrl({ database: 'shop_test' }), async (client) =>
        client.query<{ text: string }>('SELECT text FROM notes ORDER BY 1'),
      );
      expect(texts.rows.map(({ text }) => text)).toEqual(['one', 'template', 'two']);
    }
    await ask('DROP DATABASE shop_test');
  });

  it('cannot be reset by one of its files, which gets an error', async () => {
    const project = fixture.project('plain', {
      'base.config.cjs': base,
      'pg-evict.config.cjs': config("isolation: 'run', database: 'kept_test'"),
      'tests/one.test.js': `
        const { resetDatabase } = require('@pg-evict/jest/worker');
        test('is refused', () => expect(resetDatabase()).rejects.toMatchObject({ code: 'REFUSED' }));`,
    });
    expect(await project.run({ parameters: [...inBand, 'one.test'] })).toMatchObject({ code: 0, passed: 1 });
    await ask('DROP DATABASE kept_test');
  });

  it('refuses a name that does not say that it is for tests', async () => {
    const project = fixture.project('plain', {
      'base.config.cjs': base,
      'pg-evict.config.cjs': config("isolation: 'run', database: 'shop'"),
    });
    const run = await project.run();
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('its name does not say that it is for tests');
    expect(await ask("SELECT FROM pg_database WHERE datname = 'shop'")).toEqual([]);
  });
});
