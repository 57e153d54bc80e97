import { serverUrl } from '../../support/server.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand, withWorkers } from '../../support/jest/jest-project.js';
import { jestVersions } from '../../support/jest/jest-installation.js';

const fixture = new JestFixture();

/** Says what a test file finds, and so does what it starts. */
const tell = `
const { execFileSync } = require('node:child_process');
const { appendFileSync } = require('node:fs');
const found = ({ DATABASE_URL, PGDATABASE, OTHER, GONE }) => ({ DATABASE_URL, PGDATABASE, OTHER, GONE });
test('tells', () => {
  appendFileSync('found', JSON.stringify({ file: FILE, ...found(process.env) }) + '\\n');
});`;

/** Files that run under Jest's own environment, beside one that runs under ours. */
const files = {
  'tests/one.test.js': `/** @jest-environment node */\nconst FILE = 'node';${tell}`,
  'tests/two.test.js': `const FILE = 'ours';${tell}`,
  'setup.js': `
    const { default: globalSetup } = require('@pg-evict/jest/global-setup');
    module.exports = async (...parameters) => {
      await globalSetup(...parameters);
      require('node:fs').appendFileSync('found', JSON.stringify({ file: 'setup', DATABASE_URL: process.env.DATABASE_URL }) + '\\n');
    };`,
  'teardown.js': `
    const { default: globalTeardown } = require('@pg-evict/jest/global-teardown');
    module.exports = async () => {
      require('node:fs').appendFileSync('found', JSON.stringify({ file: 'teardown', DATABASE_URL: process.env.DATABASE_URL }) + '\\n');
      await globalTeardown();
    };`,
  'jest.config.js':
    "module.exports = { preset: '@pg-evict/jest', globalSetup: './setup.js', globalTeardown: './teardown.js' };",
};

interface Found {
  readonly file: string;
  readonly DATABASE_URL?: string;
  readonly PGDATABASE?: string;
  readonly OTHER?: string;
  readonly GONE?: string;
}

const nowhere = 'no_database_because_this_runs_outside_of_pg_evict';

/** The configuration of the project "plain" with more in it. */
const configured = (testing: string): string =>
  `const { testing } = require('./plain.config.cjs'); module.exports = { testing: { ...testing, ${testing} } };`;

describe('code that runs outside of our environment', () => {
  it.each([
    ...jestVersions.flatMap((version) => [
      { version, where: 'workers', parameters: withWorkers },
      { version, where: 'band', parameters: inBand },
    ]),
    { version: 'jest' as const, where: 'threads', parameters: [...withWorkers, '--workerThreads'] },
  ])(
    'is led to no database, by variables whose name says why, in $where of $version',
    async ({ version, parameters }) => {
      const project = fixture.project('plain', files, version);
      const run = await project.run({ parameters, env: { GONE: 'still here' } });
      expect(run).toMatchObject({ code: 0, passed: 2 });
      const found = foundBy(project.read('found'));
      expect(found.get('node')).toEqual({
        file: 'node',
        DATABASE_URL: serverUrl({ database: nowhere }),
        PGDATABASE: nowhere,
        GONE: 'still here',
      });
      expect(found.get('ours')?.PGDATABASE).toMatch(/^pg_evict_test_/);
      // Global setups and teardowns of the project work on what is configured.
      for (const file of ['setup', 'teardown']) {
        expect(found.get(file)?.DATABASE_URL).toBe(serverUrl({ database: 'app_test' }));
      }
    },
  );

  it('is led to no database without the preset, if the project names all of its parts', async () => {
    const project = fixture.project('plain', {
      ...files,
      'jest.config.js': `module.exports = {
        testEnvironment: '@pg-evict/jest',
        globalSetup: '@pg-evict/jest/global-setup',
        setupFiles: ['@pg-evict/jest/outside'],
        globalTeardown: '@pg-evict/jest/global-teardown',
      };`,
    });
    const run = await project.run({ parameters: inBand });
    expect(run).toMatchObject({ code: 0, passed: 2 });
    const found = foundBy(project.read('found'));
    expect(found.get('node')?.PGDATABASE).toBe(nowhere);
    expect(found.get('ours')?.PGDATABASE).toMatch(/^pg_evict_test_/);
  });

  it('gets a message if it is the environment of the project', async () => {
    const project = fixture.project('plain', {
      ...files,
      'jest.config.js': "module.exports = { preset: '@pg-evict/jest', testEnvironment: 'node' };",
    });
    const run = await project.run({ parameters: inBand });
    expect(run).toMatchObject({ code: 0, passed: 2 });
    expect(run.stderr).toContain(`The testEnvironment of ${project.directory} is Jest's "node"`);
    const found = foundBy(project.read('found'));
    expect([found.get('node')?.PGDATABASE, found.get('ours')?.PGDATABASE]).toEqual([nowhere, nowhere]);
  });

  it("has the configured database where the project says so, with outside: 'configured'", async () => {
    const project = fixture.project('plain', files);
    project.write('plain.config.cjs', project.read('pg-evict.config.cjs'));
    project.write('pg-evict.config.cjs', configured("outside: 'configured'"));
    for (const parameters of [inBand, withWorkers]) {
      project.write('found', '');
      const run = await project.run({ parameters });
      expect(run).toMatchObject({ code: 0, passed: 2 });
      expect(foundBy(project.read('found')).get('node')?.DATABASE_URL).toBe(
        serverUrl({ database: 'app_test' }),
      );
    }
  });

  it("shares the database of the run with isolation: 'run'", async () => {
    const project = fixture.project('plain', files);
    project.write('plain.config.cjs', project.read('pg-evict.config.cjs'));
    project.write('pg-evict.config.cjs', configured("isolation: 'run', database: 'shared_test'"));
    fixture.expectLeft();
    const run = await project.run({ parameters: withWorkers });
    expect(run).toMatchObject({ code: 0, passed: 2 });
    const found = foundBy(project.read('found'));
    expect([found.get('node')?.PGDATABASE, found.get('ours')?.PGDATABASE]).toEqual([
      'shared_test',
      'shared_test',
    ]);
  });
});

test('variables are those that the project names, and not those that it does not want', async () => {
  const project = fixture.project('plain', files);
  project.write('plain.config.cjs', project.read('pg-evict.config.cjs'));
  project.write(
    'pg-evict.config.cjs',
    configured("variables: { OTHER: 'database', DATABASE_URL: false, GONE: false }"),
  );
  for (const parameters of [inBand, withWorkers]) {
    project.write('found', '');
    const run = await project.run({ parameters, env: { GONE: 'still here' } });
    expect(run).toMatchObject({ code: 0, passed: 2 });
    const found = foundBy(project.read('found'));
    for (const file of ['ours', 'node']) {
      const { PGDATABASE, ...rest } = found.get(file) ?? { file };
      expect(rest).toEqual({ file, OTHER: PGDATABASE });
    }
    expect(found.get('node')?.OTHER).toBe(nowhere);
  }
});

function foundBy(text: string): Map<string, Found> {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Found);
  return new Map(lines.map((line) => [line.file, line]));
}
