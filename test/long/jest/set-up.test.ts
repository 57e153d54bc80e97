import { ask, serverUrl, until } from '../../support/server.js';
import { jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand, withWorkers } from '../../support/jest/jest-project.js';

describe('a project', () => {
  const fixture = new JestFixture();
  /** A host that is a process of its own ends the run a moment after its runner. */
  const hostIsGone = async (): Promise<void> =>
    until(async () => (await fixture.databases()).length === 0, 'the host has ended the run');

  it('with its own global setup instead of ours still has its databases', async () => {
    const project = fixture.project('plain', {
      'jest.config.js':
        "module.exports = { preset: '@pg-evict/jest', globalSetup: './setup.js', globalTeardown: './teardown.js' };",
      'setup.js': 'module.exports = async () => { process.env.SET_UP = String(process.pid); };',
      'teardown.js': 'module.exports = async () => undefined;',
      'tests/three.test.js': "test('has both', () => { expect(process.env.SET_UP).toMatch(/^[0-9]+$/); });",
    });
    for (const parameters of [withWorkers, inBand]) {
      expect(await project.run({ parameters })).toMatchObject({ code: 0, passed: 3 });
      await hostIsGone();
    }
  });

  it('whose own global setup replaces ours may print, and leave a timer, while it fills the template', async () => {
    const project = fixture.project('plain', {
      'jest.config.js': "module.exports = { preset: '@pg-evict/jest', globalSetup: './setup.js' };",
      'setup.js': 'module.exports = async () => undefined;',
    });
    const config = project.read('pg-evict.config.cjs');
    project.write(
      'pg-evict.config.cjs',
      config.replace(
        'async setup(url) {',
        `async setup(url) { setInterval(() => undefined, 1000); console.log('fills', new URL(url).hostname);`,
      ),
    );
    const run = await project.run({ parameters: inBand });
    expect(run).toMatchObject({ code: 0, passed: 2 });
    expect(run.stderr).toContain('fills 127.0.0.1');
    await hostIsGone();
  });

  it('may call ours from its own', async () => {
    const project = fixture.project('plain', {
      'jest.config.js':
        "module.exports = { preset: '@pg-evict/jest', globalSetup: './setup.js', globalTeardown: './teardown.js' };",
      'setup.js': `const { default: begin } = require('@pg-evict/jest/global-setup');
        module.exports = async (...parameters) => {
          await begin(...parameters);
          process.env.SET_UP = 'both';
        };`,
      'teardown.js': `const { default: end } = require('@pg-evict/jest/global-teardown');
        module.exports = async () => { await end(); await end(); };`,
      'tests/three.test.js': "test('has both', () => { expect(process.env.SET_UP).toBe('both'); });",
    });
    expect(await project.run()).toMatchObject({ code: 0, passed: 3 });
  });

  it('of several projects has a database for each, from the template of each', async () => {
    const test = (text: string): string => `
      const { Pool } = require('pg');
      const pool = new Pool();
      afterAll(async () => pool.end());
      test('finds its own template', async () => {
        const { rows } = await pool.query('SELECT text FROM notes');
        expect(rows).toEqual([{ text: '${text}' }]);
        await pool.query('DELETE FROM notes');
      });`;
    const config = (text: string): string => `const { Client } = require('pg');
      module.exports = { testing: { template: { inputs: 'pg-evict.config.cjs', async setup(url) {
        const client = new Client({ connectionString: url });
        await client.connect();
        await client.query("CREATE TABLE notes AS SELECT '${text}' AS text");
        await client.end();
      } } } };`;
    const preset = "module.exports = { preset: '@pg-evict/jest' };";
    const project = fixture.project('plain', {
      'jest.config.js':
        "module.exports = { projects: ['<rootDir>/shop', '<rootDir>/office', '<rootDir>/annex'] };",
      'package.json': '{ "private": true }',
      'shop/jest.config.js': preset,
      'shop/a.test.js': test('template'),
      'shop/b.test.js': test('template'),
      'annex/jest.config.js': preset,
      'annex/a.test.js': test('template'),
      'office/jest.config.js': preset,
      'office/pg-evict.config.cjs': config('office'),
      'office/a.test.js': test('office'),
      'office/b.test.js': test('office'),
    });
    project.remove('tests');
    for (const parameters of [withWorkers, inBand]) {
      const run = await project.run({ parameters });
      expect(run).toMatchObject({ code: 0, passed: 5, failed: 0 });
    }
  });

  it('of several projects has one run, and one server for it, wherever their root folders are', async () => {
    const test = `
      const { Pool } = require('pg');
      const pool = new Pool();
      afterAll(async () => pool.end());
      test('finds the template', async () => {
        const { rows } = await pool.query("SELECT text, current_database() AS name FROM notes");
        expect(rows).toMatchObject([{ text: 'template' }]);
        require('node:fs').appendFileSync(__dirname + '/../names', rows[0].name + '\\n');
      });`;
    const inFolder = (rootDir: string): string =>
      `module.exports = { preset: '@pg-evict/jest', rootDir: '${rootDir}' };`;
    const project = fixture.project('plain', {
      'jest.config.js': `module.exports = { projects: ['<rootDir>/jest.shop.js', '<rootDir>/jest.office.js',
        { displayName: 'annex', preset: '@pg-evict/jest', rootDir: __dirname + '/annex' }] };`,
      'package.json': '{ "private": true }',
      'jest.shop.js': inFolder('shop'),
      'jest.office.js': inFolder('office'),
      'shop/a.test.js': test,
      'shop/b.test.js': test,
      'office/a.test.js': test,
      'annex/a.test.js': test,
    });
    project.remove('tests');
    for (const options of [{ parameters: withWorkers }, { parameters: inBand, env: { DATABASE_URL: '' } }]) {
      expect(await project.run(options)).toMatchObject({ code: 0, passed: 4, failed: 0 });
      const runs = project.lines('names').map((name) => /^pg_evict_test_([0-9a-z]{8})_/.exec(name)?.[1]);
      expect(runs).toHaveLength(4);
      expect(new Set(runs).size).toBe(1);
      project.remove('names');
    }
  });

  it('that is split into shards has its databases in each, also in an empty one', async () => {
    const project = fixture.project('plain');
    const shards = ['1/3', '2/3', '3/3'];
    const runs = await Promise.all(
      shards.map(async (shard) => project.run({ parameters: [`--shard=${shard}`, '--passWithNoTests'] })),
    );
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
  });

  it('without a server has one of its own for the run, the same for all files', async () => {
    const names = ['one', 'two', 'three'];
    const project = fixture.project('plain');
    for (const name of names) {
      project.write(
        `tests/${name}.test.js`,
        `const { Client } = require('pg');
        test('says where it is', async () => {
          const client = new Client();
          await client.connect();
          const { rows } = await client.query("SELECT current_setting('data_directory') AS directory");
          await client.end();
          require('node:fs').appendFileSync('directories', rows[0].directory + '\\n');
        });`,
      );
    }
    const run = await project.run({ env: { DATABASE_URL: '' } });
    expect(run).toMatchObject({ code: 0, passed: 3 });
    const [{ directory: ours } = { directory: '' }] = await ask<{ directory: string }>(
      "SELECT current_setting('data_directory') AS directory",
    );
    const [theirs = '', ...others] = project.lines('directories');
    expect(others).toEqual([theirs, theirs]);
    expect(theirs).not.toBe(ours);
    expect(project.exists(theirs)).toBe(false);
  });

  it('without a server, with its own global setup instead of ours, has one, and is told what to do', async () => {
    const project = fixture.project('plain', {
      'jest.config.js': "module.exports = { preset: '@pg-evict/jest', globalSetup: './setup.js' };",
      'setup.js': 'module.exports = async () => undefined;',
    });
    const run = await project.run({ env: { DATABASE_URL: '' } });
    expect(run).toMatchObject({ code: 0, passed: 2 });
    expect(run.stderr.match(/The global setup of '@pg-evict\/jest' did not run/g)).toHaveLength(1);
    expect(run.stderr).toContain("'@pg-evict/jest/global-setup'");
  });

  it('in watch mode has one server for all runs, and a template that follows its inputs and the configuration', async () => {
    const project = fixture.project('plain', {
      'notes.sql': "CREATE TABLE notes AS SELECT 'template' AS text",
      'pg-evict.config.cjs': `const { Client } = require('pg');
        module.exports = { testing: { keepFailed: true, template: { inputs: '*.sql', async setup(url) {
          const client = new Client({ connectionString: url });
          await client.connect();
          await client.query(require('node:fs').readFileSync(__dirname + '/notes.sql', 'utf8'));
          await client.end();
        } } } };`,
      'tests/one.test.js': `
        const { Client } = require('pg');
        test('looks', async () => {
          const client = new Client();
          await client.connect();
          const { rows } = await client.query(
            "SELECT current_setting('port') AS port, current_setting('max_prepared_transactions') AS prepared, (SELECT text FROM notes) AS text, array(SELECT datname::text FROM pg_database WHERE datname LIKE 'pg\\\\_evict\\\\_test%') AS databases");
          await client.end();
          require('node:fs').appendFileSync(__dirname + '/seen', JSON.stringify(rows[0]) + '\\n');
          throw new Error('fails');
        });`,
    });
    project.remove('tests/two.test.js');
    interface Seen {
      readonly port: string;
      readonly prepared: string;
      readonly text: string;
      readonly databases: string[];
    }
    const seen = (): Seen[] => project.lines('tests/seen').map((line) => JSON.parse(line) as Seen);
    const output = await project.watch({ DATABASE_URL: '' }, async (press) => {
      await until(async () => Promise.resolve(seen().length === 1), 'the first run is over');
      await press('a', () => seen().length > 1);
      project.write('notes.sql', "CREATE TABLE notes AS SELECT 'changed' AS text");
      await press('a', () => seen().at(-1)?.text === 'changed');
      const config = project.read('pg-evict.config.cjs');
      project.write(
        'pg-evict.config.cjs',
        config.replace(
          /client\.query\(.*\);/,
          `client.query("CREATE TABLE notes AS SELECT 'configured' AS text");`,
        ),
      );
      await press('a', () => seen().at(-1)?.text === 'configured');
    });
    const runs = seen();
    expect(new Set(runs.map(({ port }) => port)).size).toBe(1);
    expect(runs[0]?.prepared).toBe('20');
    expect(output).toMatch(/Its database was kept: postgresql:\/\/postgres@127\.0\.0\.1:\d+\/pg_evict_kept_/);
    expect(output).toContain('It stays until watch mode ends.');
    expect([...new Set(runs.map(({ text }) => text))]).toEqual(['template', 'changed', 'configured']);
    expect(new Set(runs.map(({ databases }) => databases.length))).toEqual(new Set([1]));
  });

  it('in watch mode lends empty databases, and copies of other templates', async () => {
    const configuration = (name: string): string => `const { Client } = require('pg');
      module.exports = { testing: { templates: { ${name}: { async setup(url) {
        const client = new Client({ connectionString: url });
        await client.connect();
        await client.query('CREATE TABLE ${name} ()');
        await client.end();
      } } } } };`;
    const project = fixture.project('plain', {
      name: 'other',
      'pg-evict.config.cjs': configuration('other'),
      'tests/one.test.js': `
        const { Client } = require('pg');
        const { borrowDatabase } = require('@pg-evict/jest/worker');
        test('borrows', async () => {
          const tables = [];
          for (const options of [{ empty: true }, { template: require('fs').readFileSync('name', 'utf8') }]) {
            const client = new Client({ connectionString: (await borrowDatabase(options)).url });
            await client.connect();
            tables.push(...(await client.query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")).rows);
            await client.end();
          }
          require('node:fs').appendFileSync(__dirname + '/seen', JSON.stringify(tables) + '\\n');
        });`,
    });
    project.remove('tests/two.test.js');
    const seen = (): string[] => project.lines('tests/seen');
    await project.watch({}, async (press) => {
      await until(async () => Promise.resolve(seen().length === 1), 'the first run is over');
      project.write('pg-evict.config.cjs', configuration('saved'));
      project.write('name', 'saved');
      await press('a', () => seen().includes('[{"name":"saved"}]'));
    });
    expect([...new Set(seen())]).toEqual(['[{"name":"other"}]', '[{"name":"saved"}]']);
  });

  it.each(jestVersions)(
    'in watch mode has migrations, seeds and what they load as they were last saved; so has the next run, in %s',
    async (version) => {
      const migration = (column: string): string => `exports.up = async (knex) => {
        await knex.schema.createTable('notes', (table) => { table.text('${column}'); });
      };
      exports.down = async () => undefined;`;
      const project = fixture.project(
        'plain',
        {
          'pg-evict.config.json': '{ "testing": { "template": { "knex": true, "seed": true } } }',
          'knexfile.js': "module.exports = { client: 'pg' };",
          'migrations/1_notes.js': migration('text'),
          'seeds/notes.js':
            "exports.seed = async (knex) => { await knex('notes').insert(require('../rows/notes.js')); };",
          'rows/notes.js': "module.exports = { text: 'first' };",
          'tests/one.test.js': `
        const { Client } = require('pg');
        test('looks', async () => {
          const client = new Client();
          await client.connect();
          const { rows } = await client.query('SELECT * FROM notes');
          await client.end();
          require('node:fs').appendFileSync(__dirname + '/seen', JSON.stringify(rows) + '\\n');
        });`,
        },
        version,
      );
      for (const file of ['pg-evict.config.cjs', 'tests/two.test.js']) project.remove(file);
      const seen = (): string[] => project.lines('tests/seen');
      const second = '[{"body":"second"}]';
      const env = { DATABASE_URL: serverUrl({ database: 'app_test' }) };
      await project.watch(env, async (press) => {
        await until(async () => Promise.resolve(seen().length === 1), 'the first run is over');
        project.write('rows/notes.js', "module.exports = { body: 'second' };");
        project.write('migrations/1_notes.js', migration('body'));
        await press('a', () => seen().includes(second));
      });
      expect(await project.run({ env })).toMatchObject({ code: 0, passed: 1 });
      expect([...new Set(seen())]).toEqual(['[{"text":"first"}]', second]);
      expect(seen().at(-1)).toBe(second);
    },
  );
});
