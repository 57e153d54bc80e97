import { ask, serverUrl, until, withClient } from '../../support/server.js';
import { jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand, withWorkers } from '../../support/jest/jest-project.js';

/** A test that says it runs, in the database, and then waits for ever. */
const waits = `
  const { Pool } = require('pg');
  test('waits', async () => {
    const pool = new Pool();
    await pool.query('CREATE TABLE waiting ()');
    await pool.query("SELECT 'waits', pg_sleep(600)");
  }, 600_000);`;

describe('a run of Jest', () => {
  const fixture = new JestFixture();

  /** Resolves when so many tests wait, other than on these databases; on which they wait. */
  async function waiting(count: number, others: readonly string[] = []): Promise<string[]> {
    let names: string[] = [];
    await until(async () => {
      const rows = await ask<{ name: string }>(
        `SELECT datname AS name FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT ''waits''%'
             AND datname <> ALL ($1) ORDER BY 1`,
        [others],
      );
      names = rows.map(({ name }) => name);
      return names.length === count;
    }, `${count} tests wait`);
    return names;
  }

  it.each(jestVersions)(
    'whose setup files fail fails with their error, and leaves nothing, in %s',
    async (version) => {
      const project = fixture.project(
        'plain',
        {
          'jest.config.js':
            "module.exports = { preset: '@pg-evict/jest', setupFiles: ['<rootDir>/setup.js'] };",
          'setup.js': "throw new Error('set up in vain');",
        },
        version,
      );
      for (const parameters of [withWorkers, inBand]) {
        const run = await project.run({ parameters });
        expect(run).toMatchObject({ code: 1, passed: 0 });
        expect(run.files['one.test.js']?.message).toContain('set up in vain');
      }
    },
  );

  it.each(jestVersions)('of which a worker crashes goes on, and leaves nothing, in %s', async (version) => {
    const project = fixture.project(
      'plain',
      {
        'tests/crash.test.js': `
        const { Client } = require('pg');
        test('crashes', async () => {
          const client = new Client();
          await client.connect();
          await client.query('BEGIN; DROP TABLE notes');
          process.kill(process.pid, 'SIGKILL');
          await new Promise(() => undefined);
        });`,
      },
      version,
    );
    const run = await project.run({ parameters: withWorkers });
    expect(run).toMatchObject({ code: 1, passed: 2 });
    expect(run.files['crash.test.js']?.status).toBe('failed');
  });

  it.each(jestVersions)(
    'whose workers are replaced, as they take too much memory, has the template in each, and no more databases than workers and two, in %s',
    async (version) => {
      const names = ['one', 'two', 'three', 'four', 'five'];
      const project = fixture.project(
        'plain',
        {
          'jest.config.js': "module.exports = { preset: '@pg-evict/jest', workerIdleMemoryLimit: '1KB' };",
        },
        version,
      );
      const test = project.read('tests/one.test.js');
      for (const name of names) {
        const code = `${test}afterAll(async () => {
          const client = new (require('pg').Client)();
          await client.connect();
          const { rows: [{ n }] } = await client.query(
            "SELECT count(*) AS n FROM pg_database WHERE datname LIKE 'pg_evict_test_' || split_part(current_database(), '_', 4) || '_%'",
          );
          await client.query('CREATE TABLE IF NOT EXISTS extra ()');
          await client.end();
          require('node:fs').appendFileSync('processes', process.pid + ' ' + n + '\\n');
        });`;
        project.write(`tests/${name}.test.js`, code);
      }
      const run = await project.run({ parameters: withWorkers });
      expect(run).toMatchObject({ code: 0, passed: names.length });
      const lines = project.lines('processes').map((line) => line.split(' ').map(Number));
      expect(new Set(lines.map(([process]) => process)).size).toBe(names.length);
      // Two workers, and what is being reset.
      expect(Math.max(...lines.map(([, databases]) => databases ?? 0))).toBeLessThanOrEqual(4);
    },
  );

  it.each(jestVersions)(
    'that bails out leaves nothing, though another worker is still at work, in %s',
    async (version) => {
      const files = {
        'tests/fails.test.js': `
        const { Pool } = require('pg');
        test('fails when the other works', async () => {
          const pool = new Pool({ database: 'postgres' });
          for (;;) {
            const { rowCount } = await pool.query("SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT ''waits''%' AND state = 'active'");
            if (rowCount > 0) break;
          }
          await pool.end();
          throw new Error('fails');
        }, 40_000);`,
        'tests/waits.test.js': waits,
      };
      const project = fixture.project('plain', files, version);
      const run = await project.run({ parameters: ['--maxWorkers=2', '--bail', '(fails|waits).test'] });
      expect(run.code).toBe(1);
      expect(run.stderr).toMatch(/fails when the other works/);
      // Jest 29 has no global teardown then; its workers see that it is gone.
      if (version === 'jest-29')
        await until(async () => (await fixture.databases()).length === 0, 'nothing is left');
    },
  );

  it.each(jestVersions)('that bails out in band leaves nothing, in %s', async (version) => {
    const fails = `
      const { Pool } = require('pg');
      const pool = new Pool();
      afterAll(async () => pool.end());
      test('fails', async () => {
        await pool.query('DELETE FROM notes');
        throw new Error('fails');
      });`;
    const files = { 'tests/one.test.js': fails, 'tests/two.test.js': fails };
    const run = await fixture.project('plain', files, version).run({ parameters: [...inBand, '--bail'] });
    expect(run.code).toBe(1);
    expect(run.stderr.match(/● fails/g)).toHaveLength(1);
  });

  it.each([
    ['workers, by Ctrl-C', withWorkers, 'SIGINT', 'group', 'jest'],
    ['workers of Jest 29, by Ctrl-C', withWorkers, 'SIGINT', 'group', 'jest-29'],
    ['worker threads, by Ctrl-C', [...withWorkers, '--workerThreads'], 'SIGINT', 'group', 'jest'],
    ['band, by Ctrl-C', inBand, 'SIGINT', 'group', 'jest'],
    ['workers, by kill', withWorkers, 'SIGTERM', 'parent', 'jest'],
  ] as const)(
    'in %s, that is ended half-way, leaves nothing',
    async (_how, parameters, signal, whom, version) => {
      const files = { 'tests/one.test.js': waits, 'tests/two.test.js': waits };
      const project = fixture.project('plain', files, version);
      const run = await project.run({
        parameters,
        meanwhile: async ({ pid = 0 }) => {
          await waiting(parameters === inBand ? 1 : 2);
          process.kill(whom === 'group' ? -pid : pid, signal);
        },
      });
      expect(run).toMatchObject({ code: null, signal });
    },
  );

  it.each([
    ['Ctrl-C', 'SIGINT', 'group'],
    ['kill', 'SIGTERM', 'parent'],
  ] as const)(
    'that %s ends while its template is being filled leaves nothing',
    async (_how, signal, whom) => {
      const project = fixture.project('plain', {
        'pg-evict.config.cjs': `module.exports = { testing: { template: { command: 'node fill.cjs', inputs: 'fill.cjs' } } };`,
        'fill.cjs': `require('node:fs').writeFileSync('filling', ''); setTimeout(() => {}, 60_000);`,
      });
      const run = await project.run({
        meanwhile: async ({ pid = 0 }) => {
          await until(async () => Promise.resolve(project.exists('filling')), 'the template is being filled');
          process.kill(whom === 'group' ? -pid : pid, signal);
        },
      });
      expect(run).toMatchObject({ code: null, signal });
    },
  );

  it('in workers, whose Jest alone is killed, has them leave nothing', async () => {
    const project = fixture.project('plain', {
      'tests/one.test.js': waits,
      'tests/two.test.js': waits,
    });
    const run = await project.run({
      meanwhile: async ({ pid = 0 }) => {
        await waiting(2);
        process.kill(pid, 'SIGKILL');
      },
    });
    expect(run).toMatchObject({ code: null, signal: 'SIGKILL' });
    await until(
      async () => (await fixture.databases()).length === 0,
      'the workers have dropped their databases',
    );
  });

  it('that was killed is swept by the next, which leaves living runs alone', async () => {
    const waitsToo = { 'tests/one.test.js': waits, 'tests/two.test.js': waits };
    const killed = fixture.project('plain', waitsToo);
    await killed.run({
      meanwhile: async ({ pid = 0 }) => {
        await waiting(2);
        process.kill(-pid, 'SIGKILL');
      },
    });
    const orphans = await fixture.databases();
    expect(orphans).toHaveLength(2);

    const living = fixture.project('plain', waitsToo);
    await living.run({
      meanwhile: async ({ pid = 0 }) => {
        const lives = await waiting(2, orphans);
        expect(await fixture.databases()).toEqual(lives);
        expect(await fixture.project('plain').run()).toMatchObject({ code: 0, passed: 2 });
        expect(await fixture.databases()).toEqual(lives);
        process.kill(-pid, 'SIGINT');
      },
    });
  });

  it('keeps the database of a file that failed, and says where it is without a password', async () => {
    const project = fixture.project('plain', {
      'pg-evict.config.json': '{ "testing": { "keepFailed": true } }',
      'tests/one.test.js': `
        const { Pool } = require('pg');
        const pool = new Pool();
        afterAll(async () => pool.end());
        test('fails', async () => {
          await pool.query("CREATE TABLE evidence AS SELECT 'the gardener' AS who");
          throw new Error('fails');
        });`,
    });
    project.remove('pg-evict.config.cjs');
    for (const name of ['two']) project.write(`tests/${name}.test.js`, "test('passes', () => undefined);");
    const run = await project.run({ parameters: withWorkers });
    expect(run).toMatchObject({ code: 1, passed: 1, failed: 1 });
    const [kept = ''] = await fixture.databases();
    fixture.expectLeft(kept);
    expect(await fixture.databases()).toHaveLength(1);
    expect(run.stderr).toContain(`tests/one.test.js failed. Its database was kept: postgresql://`);
    expect(run.stderr).toContain(`/${kept}`);
    expect(run.stderr).toContain('or pg-evict sweep --kept');
    expect(run.stderr).not.toContain(decodeURIComponent(new URL(serverUrl()).password));
    const { rows } = await withClient(serverUrl({ database: kept }), async (client) =>
      client.query('SELECT who FROM evidence'),
    );
    expect(rows).toEqual([{ who: 'the gardener' }]);
  });

  it('on a protected server is refused before anything is made', async () => {
    const templates = async () => ask('SELECT oid FROM pg_database WHERE datistemplate ORDER BY oid');
    const before = await templates();
    await ask(`CREATE DATABASE production`);
    const project = fixture.project('plain', {
      'pg-evict.config.cjs': "module.exports = { protect: ['prod*'], testing: {} };",
    });
    const run = await project.run({ env: { DATABASE_URL: serverUrl({ database: 'production' }) } });
    await ask(`DROP DATABASE production`);
    expect(run).toMatchObject({ code: 1, passed: 0 });
    expect(run.stderr).toMatch(/production.*protect/is);
    expect(await templates()).toEqual(before);
  });
});
