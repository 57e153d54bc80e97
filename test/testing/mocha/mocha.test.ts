import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ownTestTimeoutMs } from '../../support/runner-process.js';
import { databaseExists, serverUrl, until } from '../../support/server.js';
import { RunFixture } from '../../support/testing/run-fixture.js';
import {
  databasesIn,
  RunnerProject,
  type RunnerResult,
  untilGone,
} from '../../support/testing/runner-project.js';

const fixture = new RunFixture();
afterAll(async () => fixture.cleanUp());

const versions = ['mocha-10', 'mocha-11', 'mocha'];

/** Runs a Mocha whose own folder is not in the project: it is told where plugins are. */
async function mocha(
  project: RunnerProject,
  parameters: readonly string[],
  { version = 'mocha', entry = '@pg-evict/testing/mocha' } = {},
): Promise<RunnerResult> {
  const program = resolve(__dirname, '../../node_modules', version, 'bin/mocha.js');
  const env = { NODE_PATH: join(project.folder, 'node_modules') };
  const own = ['--require', entry, '--reporter=tap', `--timeout=${ownTestTimeoutMs}`];
  return project.run([program, ...own, ...parameters], { env });
}

/** What a report says of a test. */
const outcomeOf = ({ output }: RunnerResult, title: string): string =>
  new RegExp(`^(ok|not ok) \\d+ ${title}`, 'm').exec(output)?.[1] ?? 'not run';

/** A file whose suites find what the template holds, and go on with what the file itself has done. */
const file = (name: string): string => `
  const assert = require('node:assert');
  const { insert, count } = require('./database.cjs');
  describe('${name}', () => {
    before(async () => { assert.equal(await count(), 1); await insert(); });
    it('finds its own', async () => { assert.equal(await count(), 2); console.log('# ' + process.env.PGDATABASE); });
  });
  describe('${name} again', () => {
    it('finds them still', async () => assert.equal(await count(), 2));
  });`;

/** The hooks of a project that close its pool: after 700 ms, to see who waits. */
const close = `
  const { pool } = require('./database.cjs');
  after(async () => { await new Promise((resolve) => setTimeout(resolve, 700)); await pool.end(); });`;

describe.each(versions)('%s', (version) => {
  test('resets one database before the first suite of each file, and its pool stays usable', async () => {
    const project = new RunnerProject(fixture, {
      'close.cjs': close,
      'one.cjs': file('one'),
      'two.cjs': file('two'),
      // At its top level the database is there; what is written there is not kept.
      'three.mjs': `import database from './database.cjs'; import assert from 'node:assert';
        const atLoad = await database.count();
        await database.insert();
        it('of the root', async () => { assert.equal(atLoad, 1); assert.equal(await database.count(), 1); await database.insert(); });`,
    });
    const run = await mocha(project, ['close.cjs', 'one.cjs', 'two.cjs', 'three.mjs'], { version });
    expect(run).toMatchObject({ code: 0 });
    expect(run.output).toMatch(/^# pass 5$/m);
    expect(databasesIn(run.output)).toHaveLength(1);
    await untilGone(run.output);
  });
});

test('sessions of pools of other files stay connected, and are leaks where nobody ends them', async () => {
  const sharing = (name: string): string => `
    const assert = require('node:assert'); const pg = require('pg');
    const { insert, count, pool } = require('./database.cjs');
    const pid = async (of) => (await of.query('SELECT pg_backend_pid() AS pid')).rows[0].pid;
    describe('${name}', () => {
      it('changes rows', async () => {
        assert.equal(await count(), 1);
        await insert();
        global.first ??= await pid(pool);
        assert.equal(await pid(pool), global.first);
        if ('${name}' === 'one') await new pg.Client().connect(); // left behind
      });
      after(async () => { if ('${name}' === 'three') await pool.end(); });
    });`;
  const project = new RunnerProject(fixture, {
    'one.cjs': sharing('one'),
    'two.cjs': sharing('two'),
    'three.cjs': sharing('three'),
  });
  const run = await mocha(project, ['one.cjs', 'two.cjs', 'three.cjs']);
  expect(run.output).toMatch(/^# pass 3$/m);
  expect(run.output).toContain('This run of Mocha left 1 PostgreSQL session open');
  expect(run.output).toContain('during "one changes rows"');
  expect(run.output).toContain('one.cjs:11:');
  await untilGone(run.output);
});

test('a leak fails the run after the hooks of the project, with its line, and the process ends', async () => {
  const project = new RunnerProject(fixture, {
    'one.cjs': `const { insert } = require('./database.cjs');
      const timers = require('node:timers'); const { scheduler, setInterval: every, setTimeout: sleep } = require('node:timers/promises');
      setTimeout(() => {}, 600_000);
      timers.setTimeout(() => {}, 600_000);
      timers.setInterval(() => {}, 600_000);
      void sleep(600_000);
      void require('node:util').promisify(setTimeout)(600_000);
      void scheduler.wait(600_000);
      void every(600_000).next();
      describe('suite', () => { it('leaks', insert); });
      after(() => console.log('# the last of the project'));`,
  });
  const entry = resolve(__dirname, '../../../packages/testing/dist/esm/mocha.js');
  const run = await mocha(project, ['one.cjs'], { entry });
  expect(run.code).toBe(1);
  expect(outcomeOf(run, 'suite leaks')).toBe('ok');
  expect(run.output).toMatch(/the last of the project[^]*This run of Mocha left 1 PostgreSQL session open/);
  expect(run.output).toContain('during "suite leaks"');
  expect(run.output).toContain('database.cjs:4:');
  await untilGone(run.output);
});

test('with --parallel each worker has a database, and a file is told what it leaves open', async () => {
  const own = (name: string): string => `
    const assert = require('node:assert'); const pg = require('pg');
    const { insert, count } = require('./database.cjs');
    describe('${name}', () => {
      let pool;
      before(() => { pool = new pg.Pool(); });
      after(() => pool.end());
      it('finds the template', async () => {
        assert.equal(await count(pool), 1);
        await pool.query('INSERT INTO t VALUES (2)');
        console.log('# ' + process.env.PGDATABASE + ' of ' + process.env.MOCHA_WORKER_ID);
        ${name === 'one' ? 'await new Promise((resolve) => setTimeout(resolve, 3000));' : ''}
      }).timeout(300_000);
    });`;
  // One worker is busy with the first file, so that the other goes on after the leak, which is told once.
  const project = new RunnerProject(fixture, {
    'one.cjs': own('one'),
    'two.cjs': own('two'),
    'three.cjs': own('three'),
    'leaks.cjs': `const { insert } = require('./database.cjs'); describe('suite', () => { it('leaks', insert); });`,
    // Mocha's own process leaves tests to its workers, and keeps the configured variables.
    'global.cjs': `exports.mochaGlobalSetup = () => console.log('# global ' + process.env.DATABASE_URL);`,
  });
  const files = ['one.cjs', 'leaks.cjs', 'two.cjs', 'three.cjs'];
  const run = await mocha(project, ['--parallel', '--jobs=2', '--require=./global.cjs', ...files]);
  expect(run.output).toMatch(/^# pass 4$/m);
  expect(run.output).toMatch(/^# fail 1$/m);
  expect(run.code).toBe(1);
  expect(run.output).toContain('leaks.cjs left 1 PostgreSQL session open');
  expect(run.output).toMatch(/global \S+\/nowhere/);
  const pairs = new Set(run.output.match(/pg_evict_test_\w+ of \d/g));
  expect(databasesIn([...pairs].join())).toHaveLength(pairs.size);
  await untilGone(run.output);
});

test('with --parallel and one job, Mocha runs the files in its own process, which has a database', async () => {
  const project = new RunnerProject(fixture, {
    'close.cjs': `const { pool } = require('./database.cjs'); after(() => pool.end());`,
    'one.cjs': file('one'),
    'two.cjs': file('two'),
  });
  const run = await mocha(project, ['--parallel', '--jobs=1', 'close.cjs', 'one.cjs', 'two.cjs']);
  expect(run).toMatchObject({ code: 0 });
  expect(run.output).toMatch(/^# pass 4$/m);
  expect(databasesIn(run.output)).toHaveLength(1);
  await untilGone(run.output);
});

test('isolation between tests, and leaks that only warn', async () => {
  const project = new RunnerProject(
    fixture,
    {
      'one.cjs': `const assert = require('node:assert'); const { insert, count } = require('./database.cjs');
        describe('each', () => {
          for (const name of ['one', 'two']) it(name, async () => { assert.equal(await count(), 1); await insert(); });
        });`,
      // A pool of knex replaces a session that a new copy has ended after a timer of its own.
      'fakes.cjs': `const assert = require('node:assert');
        const knex = require('knex')({ client: 'pg', connection: process.env.DATABASE_URL });
        const { setTimeout } = globalThis;
        describe('fakes', () => {
          beforeEach(() => { globalThis.setTimeout = () => ({ unref() {} }); });
          afterEach(() => { globalThis.setTimeout = setTimeout; });
          after(() => knex.destroy());
          for (const name of ['three', 'four', 'five']) it(name, async () => {
            assert.deepEqual(await knex('t').pluck('id'), [1]);
            await knex.schema.createTable('more', (table) => table.increments());
          });
        });`,
    },
    { testing: "{ isolation: 'test', leaks: 'warn' }" },
  );
  const run = await mocha(project, ['fakes.cjs', 'one.cjs']);
  expect(run).toMatchObject({ code: 0 });
  expect(run.output).toMatch(/^# pass 5$/m);
  expect(run.output).toContain('This run of Mocha left 1 PostgreSQL session open');
  await untilGone(run.output);
});

test.each(versions)(
  'a wrong setting is named without the lines of pg-evict that found it, in %s',
  async (version) => {
    const testing = "{ leaks: 'never' }";
    const project = new RunnerProject(fixture, { 'one.cjs': "it('one', () => {});" }, { testing });
    const run = await mocha(project, ['one.cjs'], { version });
    expect(run.code).toBe(1);
    expect(run.output).toContain('PgEvictError: ');
    expect(run.output).toContain('testing.leaks');
    expect(run.output).not.toMatch(/worker-bundle|blockers/);
  },
);

test('the sessions of a pool that one line has opened are described once', async () => {
  const project = new RunnerProject(fixture, {
    'one.cjs': `const { pool } = require('./database.cjs');
      it('one', () => Promise.all([1, 2, 3].map(() => pool.query('SELECT pg_sleep(0.2)'))));`,
  });
  const run = await mocha(project, ['one.cjs']);
  expect(run.code).toBe(1);
  expect(run.output).toContain('left 3 PostgreSQL sessions open');
  expect(run.output).toMatch(/and 2 more like it: pid \d+, \d+$/m);
  // The reporter prints the error twice.
  const said = (text: RegExp): number => run.output.match(text)?.length ?? 0;
  expect(said(/last query/g)).toBe(said(/left 3/g));
  await untilGone(run.output);
});

test('a run that is killed while its template is filled leaves nothing: the filling is ended with it', async () => {
  const project = new RunnerProject(
    fixture,
    {
      'fill.cjs': `require('node:fs').writeFileSync('filling', process.env.PGDATABASE); setTimeout(() => {}, 120_000);`,
      'one.cjs': `it('runs', () => {});`,
    },
    { testing: "{ template: { command: 'node fill.cjs', inputs: 'fill.cjs' } }" },
  );
  const program = resolve(__dirname, '../../node_modules/mocha/bin/mocha.js');
  const run = spawn(process.execPath, [program, '--require', '@pg-evict/testing/mocha', 'one.cjs'], {
    cwd: project.folder,
    env: { ...process.env, DATABASE_URL: serverUrl(), NODE_PATH: join(project.folder, 'node_modules') },
    stdio: 'ignore',
  });
  const filling = join(project.folder, 'filling');
  await until(
    async () => Promise.resolve(existsSync(filling) && readFileSync(filling, 'utf8') !== ''),
    'the template is being filled',
  );
  run.kill('SIGKILL');
  const name = readFileSync(filling, 'utf8');
  expect(name).toMatch(/^pg_evict_building_/);
  await until(async () => !(await databaseExists(name)), 'the unfinished template to be dropped');
});
