import { jestVersions } from '../../support/jest/jest-installation.js';
import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand } from '../../support/jest/jest-project.js';

const fixture = new JestFixture();

/** Lines of a stack trace. */
const frames = /^\s+at .*:\d+:\d+\)?$/m;

test.each(jestVersions)(
  'a wrong setting is named without the lines of pg-evict that found it, in %s',
  async (version) => {
    const project = fixture.project('plain', {}, version);
    project.write('pg-evict.config.cjs', 'module.exports = { testing: { templte: {} } };');
    const run = await project.run({ parameters: inBand });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('"testing.templte" is not a setting (did you mean "template"?)');
    expect(run.stderr).not.toMatch(frames);
  },
);

test.each(jestVersions)('a wrong setting of a test file is named in the same way, in %s', async (version) => {
  const project = fixture.project(
    'plain',
    {
      'jest.config.js':
        "module.exports = { preset: '@pg-evict/jest', testEnvironmentOptions: { pgEvict: { leaks: 'x' } } };",
    },
    version,
  );
  fixture.expectLeft();
  const run = await project.run({ parameters: inBand });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('testEnvironmentOptions.pgEvict has leaks: "x".');
  expect(run.stderr).not.toMatch(frames);
});

test.each(jestVersions)(
  'a wrong setting beside the configuration of Jest is named, although rootDir has a right one, in %s',
  async (version) => {
    const project = fixture.project(
      'plain',
      {
        'config/jest.config.js': "module.exports = { rootDir: '..', preset: '@pg-evict/jest' };",
        'config/pg-evict.config.cjs': 'module.exports = { protcet: [] };',
      },
      version,
    );
    const run = await project.run({ parameters: ['--config', 'config/jest.config.js', ...inBand] });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('"protcet" is not a setting (did you mean "protect"?)');
  },
);
