import { JestFixture } from '../../support/jest/jest-fixture.js';
import { jestVersions } from '../../support/jest/jest-installation.js';
import { withWorkers } from '../../support/jest/jest-project.js';

const fixture = new JestFixture();

/** Two packages with a configuration each, whose tests run from the root. */
const files = Object.fromEntries(
  ['a', 'b'].flatMap((name) => [
    [
      `packages/${name}/jest.config.js`,
      `module.exports = { rootDir: '../..', roots: ['<rootDir>/packages/${name}'], preset: '@pg-evict/jest' };`,
    ],
    [
      `packages/${name}/pg-evict.config.js`,
      `module.exports = { testing: { template: { inputs: __filename, setup: async (url) => {
        const { Client } = require('pg');
        const client = new Client(url);
        await client.connect();
        await client.query("CREATE TABLE notes AS SELECT '${name}' AS text");
        await client.end();
      } } } };`,
    ],
    [
      `packages/${name}/own.test.js`,
      `const { Client } = require('pg');
      test('has its own template', async () => {
        const client = new Client(process.env.DATABASE_URL);
        await client.connect();
        const { rows } = await client.query('SELECT text FROM notes');
        await client.end();
        expect(rows).toEqual([{ text: '${name}' }]);
      });`,
    ],
  ]),
);

describe('a configuration beside that of Jest, whose rootDir is elsewhere', () => {
  it.each(jestVersions)('is found by the configuration file that is named, in %s', async (version) => {
    const project = fixture.project('empty', { ...files, 'package.json': '{}' }, version);
    for (const parameters of [
      ['--config', 'packages/a/jest.config.js'],
      ['--config=packages/b/jest.config.js'],
    ]) {
      expect(await project.run({ parameters })).toMatchObject({ code: 0, passed: 1 });
    }
  });

  it.each(jestVersions)('is that of each of several projects, in %s', async (version) => {
    const project = fixture.project(
      'empty',
      { ...files, 'jest.config.js': "module.exports = { projects: ['packages/a', 'packages/b'] };" },
      version,
    );
    expect(await project.run({ parameters: withWorkers })).toMatchObject({ code: 0, passed: 2 });
  });

  // Jest calls the global setup only once, with the project of the file that it runs first: the larger one, of the
  // first project.
  it.each(
    jestVersions.flatMap((version) => [
      [version, 'wrong', `{"testnig": {}}`],
      [version, 'unreachable', `{"connection": "postgres://u:p@127.0.0.1:1/x"}`],
    ]),
  )('is not replaced by that of another project where it is %s: %s', async (version, _what, config) => {
    const { 'packages/a/pg-evict.config.js': _replaced, ...others } = files;
    const content = {
      ...others,
      'packages/b/own.test.js': `${files['packages/b/own.test.js'] ?? ''}\n//${' '.repeat(20_000)}`,
      'packages/a/.pg-evictrc.json': config,
      'jest.config.js': "module.exports = { projects: ['packages/b', 'packages/a'] };",
    };
    for (const parameters of [withWorkers, ['--runInBand']]) {
      // In the same project, Jest would begin with the file that has failed.
      const run = await fixture.project('empty', content, version).run({ parameters });
      expect(run).toMatchObject({ code: 1, passed: 1 });
      expect(run.stderr).toMatch(
        /The run of tests for .*packages.a.* did not begin: .*(?:testnig|Cannot connect to)/s,
      );
    }
  });
});
