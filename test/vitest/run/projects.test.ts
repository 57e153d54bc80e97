import { join } from 'node:path';
import { writing } from '../../support/vitest/sources.js';
import { databasesIn, untilGone, VitestFixture } from '../../support/vitest/vitest-fixture.js';

const fixture = new VitestFixture();

const saying = (name: string): string => `import { appendFileSync } from 'node:fs';
appendFileSync(new URL('../found.log', import.meta.url), '${name} ' + process.env.DATABASE_URL + '\\n');
${writing}`;

test('projects with one configuration share a run, and one without the plugin is named and kept out', async () => {
  const project = fixture.project({
    'vitest.config.ts': `import pgEvict from '@pg-evict/vitest';
import { defineConfig } from 'vitest/config';
export default defineConfig({ plugins: [pgEvict()], test: { projects: [
  { extends: true, test: { name: 'takes over', include: ['one/**/*.test.ts'] } },
  { plugins: [pgEvict()], test: { name: 'has its own', include: ['two/**/*.test.ts'] } },
  { extends: false, test: { name: 'bare', include: ['bare/**/*.test.ts'] } },
] } });`,
    'one/a.test.ts': saying('one'),
    'two/a.test.ts': saying('two'),
    'bare/a.test.ts': `import { expect, test } from 'vitest';
test('gets nowhere', () => { expect(process.env.DATABASE_URL).toContain('/no_database_because_'); });`,
  });
  const run = await project.run();
  expect({ code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
    code: 0,
    passed: 3,
    output: '',
  });
  expect(run.output).toContain('has the plugin, but not "bare"');
  const found = project.lines('found.log');
  const runs = new Set(databasesIn(found.join('\n')).map((name) => name.split('_')[3]));
  expect({ files: found.length, runs: runs.size }).toEqual({ files: 2, runs: 1 });
  await untilGone(found.join('\n'));
});

test('a project in browser mode is left alone, beside one that has databases', async () => {
  const project = fixture.project({
    'vitest.config.ts': `import { writeFileSync } from 'node:fs';
import pgEvict from '@pg-evict/vitest';
import { defineConfig } from 'vitest/config';
// No test file matches, so that no browser is started.
const browser = { enabled: true, provider: { name: 'none', options: {}, providerFactory() {}, serverFactory() {} }, instances: [{ browser: 'none' }] };
const look = { name: 'look', async configureVitest({ project }) {
  const { config: { globalSetup, provide, setupFiles }, vite } = project;
  const { code } = await vite.transformRequest('/page/setup.ts');
  writeFileSync('page.json', JSON.stringify({ globalSetup, provide, setupFiles, code }) + '\\n');
} };
export default defineConfig({ plugins: [pgEvict({ leaks: 'warn' })], test: { projects: [
  { extends: true, test: { name: 'node', include: ['node/**/*.test.ts'] } },
  { extends: true, plugins: [look], test: { name: 'page', include: ['page/*.test.ts'], setupFiles: ['./page/setup.ts'], browser } },
] } });`,
    'node/a.test.ts': saying('node'),
    'page/setup.ts': `document.body.dataset.setup = 'done';`,
  });
  const run = await project.run();
  expect({ code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
    code: 0,
    passed: 1,
    output: '',
  });
  expect(run.output).not.toContain('has the plugin');
  expect(JSON.parse(project.lines('page.json').join(''))).toEqual({
    globalSetup: [],
    provide: {},
    setupFiles: [join(project.directory, 'page/setup.ts')],
    code: expect.stringMatching(/^document\.body\.dataset\.setup = /),
  });
  await untilGone(project.lines('found.log').join('\n'));
});

test('a project with its own configuration has its own run', async () => {
  const own = (name: string): string => `import pgEvict from '@pg-evict/vitest';
import { defineConfig } from 'vitest/config';
export default defineConfig({ plugins: [pgEvict()], test: { name: '${name}', include: ['tests/*.test.ts'] } });`;
  const counting = (rows: number): string => `import { appendFileSync } from 'node:fs';
import pg from 'pg';
import { expect, test } from 'vitest';
test('has its template', async () => {
  appendFileSync(new URL('../../found.log', import.meta.url), process.env.DATABASE_URL + '\\n');
  const client = new pg.Client(process.env.DATABASE_URL);
  await client.connect();
  expect((await client.query("SELECT to_regclass('users')::text AS users")).rows[0].users).toBe(${rows === 1 ? "'users'" : 'null'});
  await client.end();
});`;
  const project = fixture.project({
    'vitest.config.ts': `export default { test: { projects: ['a', 'b'] } };`,
    'a/vitest.config.ts': own('a'),
    'a/tests/a.test.ts': counting(1),
    'b/vitest.config.ts': own('b'),
    'b/pg-evict.config.json': '{ "testing": { "template": { "command": "node --version" } } }',
    'b/tests/b.test.ts': counting(0),
  });
  const run = await project.run();
  expect({ code: run.code, passed: run.passed, output: run.code === 0 ? '' : run.output }).toEqual({
    code: 0,
    passed: 2,
    output: '',
  });
  const found = project.lines('found.log');
  for (const line of found) await untilGone(line);
  expect(new Set(databasesIn(found.join('\n')).map((name) => name.split('_')[3])).size).toBe(2);
});
