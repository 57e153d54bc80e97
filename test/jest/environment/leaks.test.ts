import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand, withWorkers, type JestRun } from '../../support/jest/jest-project.js';

const folder = resolve(__dirname, '../projects/leaks/tests');
const names = readdirSync(folder);

/** Where a file says that it leaks; `null` where it does not say so. */
function lineThatLeaks(name: string): number | null {
  const lines = readFileSync(resolve(folder, name), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.endsWith('// leaks'));
  return index === -1 ? null : index + 1;
}

/** What is said, once, of a session that is not in the hands of JavaScript of this thread. */
function elsewhere(application: string): RegExp {
  return new RegExp(
    `^[^"]*"${application}", idle for [^"]* ago, by another process, a thread or a native addon\\s+End what holds it[^"]*"exit", …\\s*$`,
  );
}

/** What the message of a file must say. */
const told: Readonly<Record<string, RegExp>> = {
  'clean.test.js': /^$/,
  'load.test.js': /it does not even load/,
  'pool.test.js':
    /idle for .*, on pg_evict_test_[^]*last query: SELECT 1 AS pool\n.*during "a shop › forgets its pool"/,
  'client.test.js': /"cashier", idle in transaction for [^]* during beforeAll/,
  'checked-out.test.js': /idle for [^]*SELECT 1 AS checked_out/,
  'query.test.js': /active for [^]*last query: SELECT pg_sleep\(600\)/,
  'knex.test.js': /idle for [^]*last query: select 1 AS knex/,
  'postgres.test.js': /"postgres.js", idle for [^]*last query: SELECT 1 AS postgres/,
  'reconnecting.test.js': /"listener", (?:starting|idle for [^]*last query: LISTEN news)/,
  'timers.test.js': /idle for [^]*last query: SELECT 1 AS timers/,
  'child.test.js': elsewhere('child'),
  'cluster.test.js': elsewhere('clustered'),
  'thread.test.js': elsewhere('thread'),
};

const expected = names.map((name) => ({
  name,
  status: name === 'clean.test.js' ? 'passed' : 'failed',
  isLeak: !['clean.test.js', 'load.test.js'].includes(name),
  line: lineThatLeaks(name),
  isTold: true,
  tellsSecret: false,
}));

function found({ files }: JestRun): object[] {
  return names.map((name) => {
    const { status, message } = files[name] ?? { status: 'not run', message: '' };
    const line = new RegExp(`^ +tests/${name}:(\\d+):`, 'm').exec(message)?.[1];
    return {
      name,
      status,
      isLeak: new RegExp(`^ +tests/${name} left 1 PostgreSQL session open:$`, 'm').test(message),
      line: line === undefined ? null : Number(line),
      isTold: told[name]?.test(message) === true ? true : message,
      tellsSecret: message.includes('secret'),
    };
  });
}

describe('a test file that leaves a session open', () => {
  const fixture = new JestFixture();

  it.each([
    ['workers', withWorkers, 'jest', false],
    ['band, compiled by Babel', inBand, 'jest', true],
    ['worker threads', [...withWorkers, '--workerThreads'], 'jest', false],
    ['workers of Jest 29', withWorkers, 'jest-29', false],
  ] as const)(
    'fails with the line that opened it, and neither crashes the run nor holds it, in %s',
    async (_where, parameters, version, compiles) => {
      const run = await fixture.project('leaks', {}, version).run({ parameters, compiles });
      expect({ code: run.code, signal: run.signal }).toEqual({ code: 1, signal: null });
      expect(found(run)).toEqual(expected);
      expect(run).toMatchObject({ passed: names.length - 1, failed: 0 });
      // Jest complains of a worker, too, that has not exited after 500 ms; a busy machine takes longer.
      expect(run.stderr).not.toMatch(/did not exit|open handles/);
      expect(run.stderr).not.toContain('57P01');
    },
  );

  it.each(jestVersions)(
    'of whose tests several run at the same time is told the line, and no wrong test, in %s',
    async (version) => {
      const project = fixture.project(
        'leaks',
        {
          'tests/concurrent.test.js': `const { Client } = require('pg');
test.concurrent.each(['a', 'b', 'c'])('%s', async (name) => {
  const client = new Client({ application_name: name });
  await client.connect();
  await new Promise((resolve) => setTimeout(resolve, 30));
  if (name !== 'b') await client.end();
});`,
        },
        version,
      );
      const run = await project.run({ parameters: [...inBand, 'concurrent.test'] });
      expect(run).toMatchObject({ code: 1, passed: 3, failed: 0 });
      expect(run.files['concurrent.test.js']?.message).toMatch(
        /"b", idle for .*\n +opened .* ago while tests ran at the same time\n +tests\/concurrent\.test\.js:4:/,
      );
    },
  );

  it('by what a test has left behind, after its end, is not attributed to the hook that runs then', async () => {
    const project = fixture.project('leaks', {
      'tests/late.test.js': `const { Pool } = require('pg');
let opened;
const isOpened = new Promise((resolve) => { opened = resolve; });
afterEach(() => isOpened);
test('leaves a timer', () => {
  setTimeout(() => new Pool().query('SELECT 1').then(opened), 20);
});`,
    });
    const run = await project.run({ parameters: [...inBand, 'late.test'] });
    expect(run.files['late.test.js']?.message).toMatch(
      /opened .* ago during afterEach\n +tests\/late\.test\.js:6:/,
    );
  });

  it.each([
    ['of node:timers', `require('node:timers').setTimeout(() => console.error('ran', 'on'), 3_600_000);`],
    [
      'of node:timers/promises',
      `require('node:timers/promises').setTimeout(3_600_000).then(() => console.error('ran', 'on'));`,
    ],
    [
      'of util.promisify',
      `require('node:util').promisify(setTimeout)(3_600_000).then(() => console.error('ran', 'on'));`,
    ],
  ])('beside a timer %s does not keep Jest from its end', async (_, timer) => {
    const project = fixture.project('leaks', {
      'tests/held.test.js': `const { Client } = require('pg');
test('leaves both', async () => {
  ${timer}
  await new Client().connect();
});`,
    });
    const run = await project.run({ parameters: [...inBand, 'held.test'] });
    expect(run).toMatchObject({ code: 1, passed: 1 });
    expect(run.files['held.test.js']?.message).toContain('left 1 PostgreSQL session open');
    expect(run.stderr).not.toContain('ran on');
  });

  it('by a package whose source maps lead out of it is told with the line of the project', async () => {
    const map = {
      version: 3,
      sources: ['../../../src/mapped.ts'],
      names: [],
      mappings: 'AAAA;AACA;AACA;AACA',
    };
    const project = fixture.project('leaks', {
      'tests/node_modules/mapped/index.js': `exports.open = async () => {
  const client = new (require('pg').Client)();
  await client.connect();
};
//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`,
      'tests/mapped.test.js': `const { open } = require('mapped');
test('opens', async () => {
  await open();
});`,
    });
    const run = await project.run({ parameters: [...inBand, 'mapped.test'] });
    expect(run).toMatchObject({ code: 1, passed: 1 });
    expect(run.files['mapped.test.js']?.message).toMatch(
      /opened .* ago during "opens"\n +tests\/mapped\.test\.js:3:/,
    );
  });

  it("is only warned of with leaks: 'warn'", async () => {
    const project = fixture.project('leaks', {
      'pg-evict.config.json': '{ "testing": { "leaks": "warn" } }',
    });
    const run = await project.run({ parameters: [...withWorkers, '(pool|knex|clean).test'] });
    expect(run).toMatchObject({ code: 0, passed: 3, failed: 0 });
    expect(run.stderr).toContain('tests/pool.test.js left 1 PostgreSQL session open:');
    expect(run.stderr).toContain(`tests/knex.test.js:${lineThatLeaks('knex.test.js')}:`);
    expect(run.stderr).not.toContain('tests/clean.test.js left');
  });

  it("is not spoken of with leaks: 'ignore', and is ended all the same", async () => {
    const project = fixture.project('leaks', {
      'pg-evict.config.json': '{ "testing": { "leaks": "ignore" } }',
    });
    const run = await project.run({ parameters: [...inBand, '(pool|query|client|reconnecting).test'] });
    expect(run).toMatchObject({ code: 0, passed: 4, failed: 0 });
    expect(run.stderr).not.toMatch(/left|did not exit/);
  });

  it('may say in a docblock that it is allowed to', async () => {
    const project = fixture.project('leaks', {
      'tests/allowed.test.js': `/** @jest-environment-options {"pgEvict": {"leaks": "ignore"}} */
        test('leaks', async () => { await new (require('pg').Pool)().query('SELECT 1'); });`,
    });
    const run = await project.run({ parameters: [...inBand, 'allowed.test'] });
    expect(run).toMatchObject({ code: 0, passed: 1 });
  });

  it('is not reported while a pool that was ended is still closing', async () => {
    const files = Array.from({ length: 20 }, (_, index) => [
      `tests/ending-${index}.test.js`,
      `const pool = new (require('pg').Pool)();
       afterAll(() => { void pool.end(); });
       test('ends without waiting', async () => {
         await Promise.all(Array.from({ length: 5 }, () => pool.query('SELECT 1')));
       });`,
    ]);
    const project = fixture.project('leaks', Object.fromEntries(files) as Record<string, string>);
    const run = await project.run({ parameters: [...withWorkers, 'ending-'] });
    expect(run).toMatchObject({ code: 0, passed: 20 });
  });
});
