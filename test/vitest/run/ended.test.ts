import { databasesIn, untilGone, VitestFixture } from '../../support/vitest/vitest-fixture.js';
import { ask, databaseExists, quote, serverUrl, until, withClient } from '../../support/server.js';
import { hasTerminal } from '../../support/terminal.js';
import { configuration } from '../../support/vitest/vitest-project.js';

const fixture = new VitestFixture();

const describeOnTerminal = hasTerminal ? describe : describe.skip;

const slow = `import { appendFileSync } from 'node:fs';
import pg from 'pg';
import { test } from 'vitest';
test('takes long', async () => {
  const client = new pg.Client(process.env.DATABASE_URL);
  await client.connect();
  await client.query("INSERT INTO users (name) VALUES ('x')");
  appendFileSync('found.log', process.env.DATABASE_URL + '\\n');
  await client.query('SELECT pg_sleep(60)');
});
`;

/** A template that is filled for a minute. */
const fillsForAMinute = `import { appendFileSync } from 'node:fs';
import pg from 'pg';
const client = new pg.Client(process.env.DATABASE_URL);
await client.connect();
await client.query('CREATE TABLE users (id serial PRIMARY KEY, name text)');
appendFileSync('found.log', new URL(process.env.DATABASE_URL).pathname.slice(1) + '\\n');
await client.query('SELECT pg_sleep(60)');
`;

const passes = "import { test } from 'vitest'; test('passes', () => {});";

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('a run that %s ends leaves nothing', async (signal) => {
  const project = fixture.project({ 'tests/slow.test.ts': slow });
  const run = await project.run([], {
    meanwhile: async (child) => {
      await until(() => Promise.resolve(project.lines('found.log').length === 1), 'the test runs');
      process.kill(-(child.pid ?? Number.NaN), signal);
    },
  });
  expect(run.code).not.toBe(0);
  await untilGone(project.lines('found.log').join('\n'));
});

test.each([
  ['SIGINT', 'all processes of the run'],
  ['SIGTERM', 'all processes of the run'],
  ['SIGHUP', 'all processes of the run'],
  ['SIGTERM', 'its first process alone'],
] as const)('a run that %s to %s ends while its template is filled leaves nothing', async (signal, whom) => {
  const project = fixture.project({
    'template.mjs': fillsForAMinute,
    'tests/passes.test.ts': passes,
  });
  const run = await project.run([], {
    meanwhile: async ({ pid = 0 }) => {
      await until(() => Promise.resolve(project.lines('found.log').length === 1), 'the template is filled');
      process.kill(whom === 'its first process alone' ? pid : -pid, signal);
    },
  });
  expect(run.code).not.toBe(0);
  const [name = ''] = project.lines('found.log');
  expect(name).toMatch(/^pg_evict_building_/);
  expect(await databaseExists(name)).toBe(false);
});

describeOnTerminal('on a terminal in watch mode', () => {
  test.each([
    ['Ctrl-C', 'the first', '\u0003', [1, 130]],
    ['Ctrl-C', 'an edited', '\u0003', [1, 130]],
    // Vitest quits with the result that it has by then: of the run before, or of the one that q has stopped.
    ['q', 'an edited', 'q', [0, 1]],
  ])('the key %s leaves nothing of %s template that is filled', async (_name, which, key, codes) => {
    const project = fixture.project({
      'tests/passes.test.ts': passes,
      ...(which === 'the first' && { 'template.mjs': fillsForAMinute }),
    });
    const run = await project.run(['--watch'], {
      onTerminal: true,
      meanwhile: async ({ stdin }, said) => {
        if (which === 'an edited') {
          await until(() => Promise.resolve(said().includes('Waiting for file changes')), 'Vitest waits');
          project.write('template.mjs', fillsForAMinute);
          stdin?.write('a');
        }
        await until(() => Promise.resolve(project.lines('found.log').length === 1), 'the template is filled');
        stdin?.write(key);
      },
    });
    expect(codes).toContain(run.code);
    const [name = ''] = project.lines('found.log');
    expect(name).toMatch(/^pg_evict_building_/);
    expect(await databaseExists(name)).toBe(false);
  });
});

test('a database of a file that failed is kept, and a leak that is only warned of lets its file pass', async () => {
  const project = fixture.project({
    'vitest.config.ts': configuration('', "{ keepFailed: true, leaks: 'warn' }"),
    'tests/fails.test.ts': `import pg from 'pg';
import { expect, test } from 'vitest';
test('fails', async () => {
  const client = new pg.Client(process.env.DATABASE_URL);
  await client.connect();
  await client.query("INSERT INTO users (name) VALUES ('kept')");
  await client.end();
  expect(1).toBe(2);
});`,
    'tests/leaks.test.ts': `import pg from 'pg';
import { test } from 'vitest';
test('leaks', async () => {
  await new pg.Client({ connectionString: process.env.DATABASE_URL, application_name: 'left' }).connect();
});`,
  });
  const run = await project.run();
  expect(run).toMatchObject({ code: 1, passed: 1, failed: 1 });
  expect(run.files['leaks.test.ts']).toMatchObject({ status: 'passed' });
  expect(run.output).toMatch(/"left", idle for .*\n +opened .* during "leaks"\n +tests\/leaks\.test\.ts:4:/);
  const [, kept = ''] = /fails\.test\.ts failed\. Its database was kept: \S+\/(\S+)/.exec(run.output) ?? [];
  expect(databasesIn(kept.replace('kept', 'test'))).toHaveLength(1);
  const url = serverUrl({ database: kept });
  const rows = await withClient(url, async (client) => (await client.query('SELECT name FROM users')).rows);
  expect(rows).toEqual([{ name: 'ada' }, { name: 'kept' }]);
  await ask(`DROP DATABASE ${quote(kept)}`);
});

test('a wrong setting is named without the lines of pg-evict that found it', async () => {
  const project = fixture.project({ 'tests/passes.test.ts': passes }, { leaks: 'never' });
  const run = await project.run();
  expect(run.code).toBe(1);
  expect(run.output).toContain('PgEvictError: ');
  expect(run.output).toContain('testing.leaks');
  expect(run.output).not.toMatch(/\.js:\d+:\d+|blockers/);
});

test('without a global setup, test files name it in the same way', async () => {
  const config = `import { defineConfig } from 'vitest/config';
export default defineConfig({ test: { include: ['tests/**/*.test.ts'], setupFiles: ['@pg-evict/vitest/setup'] } });
`;
  const files = { 'vitest.config.ts': config, 'tests/passes.test.ts': passes };
  const project = fixture.project(files, { leaks: 'never' });
  const run = await project.run();
  expect(run.code).toBe(1);
  expect(run.output).toContain('testing.leaks');
  expect(run.output).not.toMatch(/\.js:\d+:\d+|blockers/);
});

test('an unknown option of the plugin is named in the same way', async () => {
  const config = configuration('', "{ leeks: 'warn' }");
  const project = fixture.project({ 'vitest.config.ts': config, 'tests/passes.test.ts': passes });
  const run = await project.run();
  expect(run.code).toBe(1);
  expect(run.output).toContain('leeks');
  expect(run.output).not.toMatch(/@pg-evict\/testing|blockers/);
});
