import { leaking, leakingLine, sayingSetup, writing } from '../../support/vitest/sources.js';
import { databasesIn, untilGone, VitestFixture } from '../../support/vitest/vitest-fixture.js';
import { configuration } from '../../support/vitest/vitest-project.js';

const fixture = new VitestFixture();
const files = {
  ...sayingSetup,
  'tests/a.test.ts': writing,
  'tests/b.test.ts': writing,
  'tests/leaks.test.ts': leaking,
};

test.each([
  ['forks', 'parallel'],
  ['threads', 'list'],
  ['vmForks', 'parallel'],
  ['vmThreads', 'parallel'],
])('each file has its own database in %s, with setup files in %s', async (pool, setupFiles) => {
  const project = fixture.project({
    ...files,
    'vitest.config.ts': configuration(
      `setupFiles: './setup.ts', pool: '${pool}', maxWorkers: 2, sequence: { setupFiles: '${setupFiles}' }`,
    ),
  });
  const run = await project.run();
  expect(run).toMatchObject({ code: 1, signal: null, passed: 3, failed: 0 });
  expect(Object.fromEntries(Object.entries(run.files).map(([name, { status }]) => [name, status]))).toEqual({
    'a.test.ts': 'passed',
    'b.test.ts': 'passed',
    'leaks.test.ts': 'failed',
  });
  expect(run.output).toMatch(
    new RegExp(
      `"shop", idle for .*, on pg_evict_test_.*\n.*last query: INSERT INTO users.*\n.*during "a shop > forgets its pool"\n +tests/leaks\\.test\\.ts:${leakingLine}:\\d+\n`,
    ),
  );
  // The source is shown, at the line.
  expect(run.output).toMatch(new RegExp(`❯ .*tests/leaks\\.test\\.ts:${leakingLine}:\\d+\n`));
  expect(run.output).not.toMatch(/57P01|Unhandled/);
  const found = project.lines('found.log');
  expect(found.length).toBeGreaterThanOrEqual(4);
  expect(found.filter((line) => databasesIn(line).length !== 1)).toEqual([]);
  await untilGone(run.output);
});

test('a leak is looked for after every hook and fixture, in whatever order hooks run', async () => {
  const closing = (how: string): string => `import pg from 'pg';
import { afterAll, aroundAll, beforeAll, test as base, expect } from 'vitest';
const connect = async () => { const client = new pg.Client(process.env.DATABASE_URL); await client.connect(); return client; };
${how}
`;
  const project = fixture.project({
    'tests/after-all.test.ts': closing(
      `let client; beforeAll(async () => { client = await connect(); }); afterAll(async () => client.end()); base('x', () => {});`,
    ),
    'tests/returned.test.ts': closing(
      `beforeAll(async () => { const client = await connect(); return () => client.end(); }); base('x', () => {});`,
    ),
    'tests/around.test.ts': closing(
      `aroundAll(async (run) => { const client = await connect(); await run(); await client.end(); }); base('x', () => {});`,
    ),
    'tests/fixture.test.ts': closing(
      `const test = base.extend({ client: [async ({}, use) => { const client = await connect(); await use(client); await client.end(); }, { scope: 'file' }] });
test('x', async ({ client }) => { await client.query('SELECT 1'); });`,
    ),
  });
  for (const hooks of ['stack', 'list', 'parallel']) {
    const run = await project.run([`--sequence.hooks=${hooks}`]);
    expect({ hooks, code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
      hooks,
      code: 0,
      passed: 4,
      output: '',
    });
  }
});
