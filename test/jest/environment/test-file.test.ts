import { setTimeout as delay } from 'node:timers/promises';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { ask, quote, serverUrl, until, withClient } from '../../support/server.js';
import { jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand, withWorkers } from '../../support/jest/jest-project.js';

const files = ['knex', 'objects', 'prepared', 'rows', 'schema', 'sequences', 'truncate'];
const allPassed = Object.fromEntries(
  files.map((file) => [`${file}.test.js`, { status: 'passed', message: '' }]),
);

describe('a project with the preset', () => {
  const fixture = new JestFixture();

  it.each(jestVersions)(
    'has the template, exactly, at the start of each test file, in workers of %s',
    async (version) => {
      const run = await fixture.project('shop', {}, version).run({ parameters: withWorkers });
      expect(run).toMatchObject({ code: 0, files: allPassed, passed: 13 });
    },
  );

  it('has it in band in the same way, where environment and global setup share a process', async () => {
    const run = await fixture.project('shop').run({ parameters: inBand });
    expect(run).toMatchObject({ code: 0, files: allPassed, passed: 13 });
  });

  it('has it in worker threads in the same way', async () => {
    const project = fixture.project('shop', {
      'tests/thread.test.js': `const { threadId } = require('node:worker_threads');
        test('runs in one', () => {
          expect(threadId).toBeGreaterThan(0);
          expect(process.env.PGDATABASE).toMatch(/^pg_evict_test_/);
        });`,
    });
    const run = await project.run({ parameters: [...withWorkers, '--workerThreads'] });
    const withThread = { ...allPassed, 'thread.test.js': { status: 'passed', message: '' } };
    expect(run).toMatchObject({ code: 0, files: withThread, passed: 14 });
  });
});

const afterEnvironment = `const { Client } = require('pg');
beforeAll(async () => {
  const client = new Client();
  await client.connect();
  await client.query("INSERT INTO notes VALUES ('set up')");
  await client.end();
});`;

const ownEnvironment = `const { default: TestEnvironment } = require('@pg-evict/jest');
const { Client } = require('pg');
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    const client = new Client(this.global.process.env.DATABASE_URL);
    await client.connect();
    await client.query("INSERT INTO notes VALUES ('set up')");
    await client.end();
  }
};`;

const noteTest = `const { Client } = require('pg');
const client = new Client();
const connecting = client.connect();
test('has what was set up', async () => {
  await connecting;
  expect((await client.query('SELECT text FROM notes ORDER BY 1')).rows.map(({ text }) => text))
    .toEqual(['set up', 'template']);
  await client.end();
});`;

describe('a test file', () => {
  const fixture = new JestFixture();

  it.each(jestVersions.flatMap((version) => [true, false].map((own) => ({ version, own }))))(
    'runs nothing of the project before the database is there ($version, environment of its own: $own)',
    async ({ version, own }) => {
      const set = own
        ? { testEnvironment: './environment.js' }
        : { setupFilesAfterEnv: ['<rootDir>/set-up.js'] };
      const project = fixture.project(
        'plain',
        {
          'jest.config.js': `module.exports = ${JSON.stringify({ preset: '@pg-evict/jest', ...set })};`,
          'environment.js': ownEnvironment,
          'set-up.js': afterEnvironment,
          'tests/one.test.js': noteTest,
          'tests/two.test.js': noteTest,
        },
        version,
      );
      // The template, and Jest's cache.
      expect(await project.run({ parameters: withWorkers })).toMatchObject({ code: 0, passed: 2 });
      const run = await withClient(serverUrl(), async (client) => {
        const [template] = await ask<{ name: string }>(
          `SELECT datname AS name FROM pg_database WHERE datistemplate AND datname ~ '^pg_evict_' ORDER BY oid DESC LIMIT 1`,
        );
        // Whoever copies it has to wait.
        await client.query('BEGIN');
        await client.query(`ALTER DATABASE ${quote(template?.name ?? '')} RENAME TO elsewhere`);
        return project.run({
          parameters: withWorkers,
          meanwhile: async () => {
            await until(
              async () =>
                (
                  await ask(`SELECT FROM pg_stat_activity
                    WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE DATABASE%'`)
                ).length > 0,
              'a worker waits for its copy',
            );
            await delay(1000);
            await client.query('ROLLBACK');
          },
        });
      });
      expect(run).toMatchObject({ code: 0, passed: 2 });
    },
  );

  it.each(jestVersions)(
    'whose setup files fail leaves nothing that gets to the database, or to Jest, afterwards, in %s',
    async (version) => {
      const project = fixture.project(
        'plain',
        {
          'jest.config.js':
            "module.exports = { preset: '@pg-evict/jest', setupFiles: ['<rootDir>/set-up.js'] };",
          'set-up.js': `
          const { appendFileSync, readFileSync } = require('node:fs');
          appendFileSync('files', '.');
          if (readFileSync('files', 'utf8').length % 2 === 0) {
            const { Pool } = require('pg');
            void new Pool().query("INSERT INTO notes VALUES ('set up')");
            throw new Error('set up in vain');
          }`,
        },
        version,
      );
      const test = project.read('tests/one.test.js');
      for (const name of ['three', 'four']) project.write(`tests/${name}.test.js`, test);
      // The second and the last fail; with the next file, and with the end, the database is reset and dropped.
      const run = await project.run({ parameters: inBand });
      expect(run).toMatchObject({ code: 1, passed: 2, failed: 0 });
      const failed = Object.values(run.files).filter(({ status }) => status === 'failed');
      expect(failed).toHaveLength(2);
      for (const { message } of failed) expect(message).toContain('set up in vain');
    },
  );

  it.each(jestVersions)(
    'keeps the results of its tests where the server is gone when it ends, in %s',
    async (version) => {
      const project = fixture.project(
        'plain',
        {
          'tests/one.test.js': `
          const { existsSync, writeFileSync } = require('node:fs');
          const { Client } = require('pg');
          test('passes', async () => {
            const client = new Client();
            await client.connect();
            await client.end();
          });
          test('fails', async () => {
            writeFileSync('ready', '');
            while (!existsSync('gone')) await new Promise((resolve) => setTimeout(resolve, 20));
            throw new Error('of its own');
          });`,
        },
        version,
      );
      project.remove('tests/two.test.js');
      const { hostname, port } = new URL(serverUrl());
      const proxy = await CuttingProxy.start(hostname, Number(port));
      const url = new URL(serverUrl({ database: 'app_test' }));
      url.port = String(proxy.port);
      const run = await project.run({
        env: { DATABASE_URL: url.href },
        meanwhile: async () => {
          await until(async () => Promise.resolve(project.exists('ready')), 'the second test runs');
          proxy.refuse();
          project.write('gone', '');
        },
      });
      proxy.stop();
      fixture.expectLeft(...(await fixture.databases()));
      // Whose global teardown fails as well, Jest writes no JSON.
      expect(run.stderr).toMatch(/Tests: +1 failed, 1 passed/);
      expect(run.stderr).toContain('of its own');
      expect(run.stderr).toMatch(
        /Test suite failed to run\s+PgEvictError: 127\.0\.0\.1:\d+ cannot be connected to/,
      );
    },
  );

  it.each(jestVersions)(
    'fails with what is in the way where there can be no database, in %s',
    async (version) => {
      const project = fixture.project(
        'plain',
        {
          'jest.config.js': "module.exports = { preset: '@pg-evict/jest', globalSetup: './setup.js' };",
          'setup.js': `const { Client } = require('pg');
          const { default: globalSetup } = require('@pg-evict/jest/global-setup');
          module.exports = async (...parameters) => {
            await globalSetup(...parameters);
            const client = new Client({ connectionString: process.env.ADMIN_URL });
            await client.connect();
            const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname ~ '^pg_evict_template_'");
            for (const { datname } of rows) {
              await client.query('ALTER DATABASE ' + datname + ' IS_TEMPLATE false');
              await client.query('DROP DATABASE ' + datname);
            }
            await client.end();
          };`,
        },
        version,
      );
      const run = await project.run({ parameters: withWorkers, env: { ADMIN_URL: serverUrl() } });
      // One database was made in advance, perhaps before that.
      expect(run.code).toBe(1);
      const failed = Object.values(run.files).filter(({ status }) => status === 'failed');
      expect(failed).not.toEqual([]);
      for (const { message } of failed) {
        expect(message).toMatch(
          /Test database "pg_evict_test_\w+" was not made: template database "\w+" does not exist/,
        );
      }
    },
  );
});
