import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, databaseExists, quote, until } from '../../support/server.js';
import { ownDatabases, rowsIn, RunFixture } from '../../support/testing/run-fixture.js';
import {
  databasesIn,
  RunnerProject,
  type RunnerResult,
  untilGone,
} from '../../support/testing/runner-project.js';
import { serverUrl } from '../../support/server.js';

const fixture = new RunFixture();
afterAll(async () => fixture.cleanUp());

/** The runner can have one process for all files from Node 22 on, and a global setup from 24 on. */
const major = Number(process.versions.node.split('.')[0]);

const command = ['--import', '@pg-evict/testing/node-test', '--test', '--test-reporter=tap'];

/** The head of a test file. */
const head = `
  import test, { after, describe, it } from 'node:test';
  import assert from 'node:assert';
  import { pool, insert, count } from './database.cjs';
  console.log(process.env.PGDATABASE);`;
const ends = `${head}\nafter(() => pool.end());`;

/** What a TAP report says of a test. */
const outcomeOf = ({ output }: RunnerResult, title: string): string =>
  new RegExp(`^ *(ok|not ok) \\d+ - ${title}`, 'm').exec(output)?.[1] ?? 'not run';

test('each file has a database of its own, which is there before the file is loaded', async () => {
  const file = `${ends}
    const atLoad = await count();
    test('finds the template', async () => { await insert(); assert.equal(atLoad, 1); assert.equal(await count(), 2); });`;
  const project = new RunnerProject(fixture, {
    'one.test.mjs': file,
    'two.test.mjs': file,
    'unused.test.mjs': 'import test from "node:test"; test("nothing", () => {});',
    'child.cjs': 'console.log("child", process.env.PGDATABASE)',
    // What a test starts with the same --import is on the same database.
    'forks.test.mjs': `import test from 'node:test'; import { fork } from 'node:child_process'; import { once } from 'node:events';
      console.log('parent', process.env.PGDATABASE);
      test('forks', async () => { await once(fork('./child.cjs'), 'exit'); });`,
  });
  const run = await project.run([
    ...command,
    '--test-concurrency=2',
    'one.test.mjs',
    'two.test.mjs',
    'unused.test.mjs',
    'forks.test.mjs',
  ]);
  expect(run).toMatchObject({ code: 0 });
  expect(run.output).toMatch(/^# pass [45]$/m);
  const [, parent] = /parent (\S+)/.exec(run.output) ?? [];
  expect(/child (\S+)/.exec(run.output)?.[1]).toBe(parent);
  await untilGone(run.output);
});

test('a leak fails its own file after its last hook, with its line, and the file ends', async () => {
  const project = new RunnerProject(fixture, {
    'leaks.test.mjs': `${head}
      setTimeout(() => {}, 600_000);
      test('passes', insert);`,
    'ends.test.mjs': `${head}
      after(async () => { await new Promise((resolve) => setTimeout(resolve, 700)); await pool.end(); });
      test('ends late', insert);`,
    // The runner knows of no further test when the first is over; nor of what the file itself still does.
    'awaits.test.mjs': `${head}
      await test('first', insert);
      await pool.query('SELECT pg_sleep(0.7)');
      await test('second', async () => assert.equal(await count(), 2));
      await new Promise((resolve) => setTimeout(resolve, 700));
      await pool.end();`,
  });
  const run = await project.run([...command, 'leaks.test.mjs', 'ends.test.mjs', 'awaits.test.mjs']);
  expect(run.code).toBe(1);
  for (const title of ['passes', 'ends late', 'first', 'second']) expect(outcomeOf(run, title)).toBe('ok');
  expect(run.output.match(/^ *not ok \d+ - leaves no PostgreSQL session open/gm)).toHaveLength(1);
  expect(run.output).toContain('leaks.test.mjs left 1 PostgreSQL session open');
  expect(run.output).toMatch(/opened [\d.]+ m?s ago during "passes"/);
  expect(run.output).toContain('database.cjs:4:');
  await untilGone(run.output);
});

test('isolation between tests, leaks that only warn, and the database of a file that failed', async () => {
  const project = new RunnerProject(
    fixture,
    {
      'tests.test.mjs': `${head}
        describe('each', () => {
          it('one', async () => { await insert(); assert.equal(await count(), 2); });
          it('two', async (context) => {
            assert.equal(await count(), 1);
            await insert();
            await context.test('within', async () => assert.equal(await count(), 2));
          });
        });`,
      // A pool of knex replaces a session that a new copy has ended after a timer of its own.
      'fakes.test.mjs': `import test, { after, mock } from 'node:test'; import assert from 'node:assert'; import newKnex from 'knex';
        const knex = newKnex({ client: 'pg', connection: process.env.DATABASE_URL });
        after(() => { mock.timers.reset(); return knex.destroy(); });
        mock.timers.enable({ apis: ['setTimeout'] });
        for (const name of ['three', 'four', 'five']) test(name, async () => {
          assert.deepEqual(await knex('t').pluck('id'), [1]);
          await knex.schema.createTable('more', (table) => table.increments());
        });`,
      'fails.test.mjs': `${ends}
        test('fails', async () => { await insert(); assert.equal(1, 2); });`,
    },
    { testing: "{ isolation: 'test', leaks: 'warn', keepFailed: true }" },
  );
  const run = await project.run([...command, 'tests.test.mjs', 'fakes.test.mjs', 'fails.test.mjs']);
  expect(run.code).toBe(1);
  for (const title of ['one', 'two', 'within', 'three', 'four', 'five'])
    expect(outcomeOf(run, title)).toBe('ok');
  expect(run.output).not.toContain('leaves no PostgreSQL session open');
  expect(run.output).toContain('tests.test.mjs left 1 PostgreSQL session open');
  const [, kept = ''] =
    /fails\.test\.mjs failed\. Its database was kept: \S+\/(pg_evict_kept_\w+)/.exec(run.output) ?? [];
  expect(await rowsIn(serverUrl({ database: kept }), 'SELECT id FROM t ORDER BY 1')).toEqual([
    { id: 1 },
    { id: 2 },
  ]);
  await untilGone(run.output);
  expect(await ownDatabases(kept)).toEqual([kept]);
  await ask(`DROP DATABASE ${quote(kept)}`);
});

test("timers of Node's modules do not keep a file that leaves a session open from its end", async () => {
  const project = new RunnerProject(fixture, {
    'held.test.mjs': `${head}
      import { setTimeout as later } from 'node:timers';
      import { setTimeout as sleep } from 'node:timers/promises';
      const runsOn = () => console.log('it ran', 'on');
      test('leaves them', async () => {
        await insert();
        later(runsOn, 3_600_000);
        sleep(3_600_000).then(runsOn);
      });`,
  });
  const run = await project.run([...command, 'held.test.mjs']);
  expect(run).toMatchObject({ code: 1 });
  expect(run.output).toContain('leaves no PostgreSQL session open');
  expect(run.output).not.toContain('it ran on');
  await untilGone(run.output);
});

if (major >= 22) {
  test('with --test-isolation=none all files share a database, and it says so', async () => {
    const project = new RunnerProject(fixture, {
      'one.test.mjs': `${head} test('one', insert);`,
      'two.test.mjs': `${head} test('two', async () => assert.equal(await count(), 2));`,
    });
    const isolation = major === 22 ? '--experimental-test-isolation=none' : '--test-isolation=none';
    const run = await project.run([...command, isolation, 'one.test.mjs', 'two.test.mjs']);
    expect(run.output).toContain('so they share one database');
    expect(run.output).toContain('This run of node:test left 1 PostgreSQL session open');
    for (const title of ['one', 'two']) expect(outcomeOf(run, title)).toBe('ok');
    expect(run.code).toBe(1);
    expect(databasesIn(run.output)).toHaveLength(1);
    await untilGone(run.output);
  });
}

if (major >= 24) {
  test('with a global setup the runner itself is the host', async () => {
    const project = new RunnerProject(fixture, {
      'setup.mjs': `import { globalSetup as begin } from '@pg-evict/testing/node-test-setup';
      export { globalTeardown } from '@pg-evict/testing/node-test-setup';
      export async function globalSetup() { await begin(); console.log('host in', process.pid); }`,
      'one.test.mjs': `${ends} test('one', async () => { await insert(); console.log('runner is', process.ppid); });`,
    });
    const run = await project.run([...command, '--test-global-setup=./setup.mjs', 'one.test.mjs']);
    expect(run).toMatchObject({ code: 0 });
    expect(/runner is (\d+)/.exec(run.output)?.[1]).toBe(/host in (\d+)/.exec(run.output)?.[1]);
    const [name = 'none'] = databasesIn(run.output);
    expect(await ownDatabases(name)).toEqual([]);
  });

  test.each([[[]], [['--test-isolation=none']]])(
    'with a global setup, test files without --import do not reach the configured database %j',
    async (isolation) => {
      const project = new RunnerProject(fixture, {
        'setup.mjs': `import { globalSetup as begin } from '@pg-evict/testing/node-test-setup';
        export { globalTeardown } from '@pg-evict/testing/node-test-setup';
        export async function globalSetup() { await begin(); console.log('setup on', process.env.PGDATABASE); }`,
        'one.test.mjs': `${ends} test('one', insert); test('asks', () => assert.rejects(count(), /outside_of_pg_evict/));`,
      });
      const options = ['--test', '--test-reporter=tap', '--test-global-setup=./setup.mjs', ...isolation];
      const run = await project.run([...options, 'one.test.mjs']);
      expect(outcomeOf(run, 'one')).toBe('not ok');
      expect(outcomeOf(run, 'asks')).toBe('ok');
      expect(run.output.includes('setup on undefined')).toBe(isolation.length === 0);
    },
  );

  test("with testing.outside 'configured' and a global setup, test files without --import reach the configured one", async () => {
    const project = new RunnerProject(
      fixture,
      {
        'setup.mjs': `export { globalSetup, globalTeardown } from '@pg-evict/testing/node-test-setup';`,
        'one.test.mjs': `import test from 'node:test'; test('one', () => console.log('on', process.env.PGDATABASE));`,
      },
      { testing: "{ outside: 'configured' }" },
    );
    const options = ['--test', '--test-reporter=tap', '--test-global-setup=./setup.mjs'];
    expect((await project.run([...options, 'one.test.mjs'])).output).toContain('on undefined');
  });
}

test('a file that is run by itself has a database; a process that only inherits NODE_OPTIONS has none', async () => {
  const project = new RunnerProject(fixture, {
    'one.test.mjs': `${ends} test('one', async () => { await insert(); assert.equal(await count(), 2); });`,
    'other.mjs': 'console.log(process.env.PGDATABASE);',
  });
  const run = await project.run(['--import', '@pg-evict/testing/node-test', 'one.test.mjs']);
  expect(run).toMatchObject({ code: 0 });
  expect(databasesIn(run.output)).toHaveLength(1);
  await untilGone(run.output);
  const other = await project.run(['other.mjs'], {
    env: { NODE_OPTIONS: '--import @pg-evict/testing/node-test' },
  });
  expect(other).toEqual({ code: 0, output: 'undefined\n' });
});

test('a wrong setting is named in every file, without the lines of pg-evict that found it', async () => {
  const project = new RunnerProject(
    fixture,
    { 'one.test.mjs': `${ends} test('one', insert);` },
    { testing: "{ leaks: 'never' }" },
  );
  const run = await project.run([...command, 'one.test.mjs']);
  expect(run.code).toBe(1);
  expect(run.output).toContain('[PgEvictError: ');
  expect(run.output).toContain('testing.leaks');
  expect(run.output).not.toMatch(/@pg-evict|blockers/);
});

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'a runner that is ended by %s while the template is filled leaves nothing',
  async (signal) => {
    const project = new RunnerProject(
      fixture,
      {
        'fill.cjs': `require('node:fs').writeFileSync('filling', process.env.PGDATABASE); setTimeout(() => {}, 120_000);`,
        'one.test.mjs': `import test from 'node:test'; test('runs', () => {});`,
      },
      { testing: "{ template: { command: 'node fill.cjs', inputs: 'fill.cjs' } }" },
    );
    const run = spawn(process.execPath, [...command, 'one.test.mjs'], {
      cwd: project.folder,
      env: { PATH: process.env['PATH'], DATABASE_URL: serverUrl() },
      stdio: 'ignore',
    });
    const filling = join(project.folder, 'filling');
    const name = (): string => (existsSync(filling) ? readFileSync(filling, 'utf8') : '');
    await until(async () => Promise.resolve(name() !== ''), 'the template is filled');
    expect(name()).toMatch(/^pg_evict_building_/);
    run.kill(signal);
    await until(async () => !(await databaseExists(name())), 'the unfinished template to be dropped');
  },
);
