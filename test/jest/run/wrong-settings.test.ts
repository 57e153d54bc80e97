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

test("isolation: 'run' of a test file is refused, and the error says where it is set", async () => {
  const project = fixture.project('plain', {
    'jest.config.js':
      "module.exports = { preset: '@pg-evict/jest', testEnvironmentOptions: { pgEvict: { isolation: 'run' } } };",
  });
  fixture.expectLeft();
  const run = await project.run({ parameters: inBand });
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('testing.isolation and testing.database');
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

test('files that are left after Ctrl-C say that the run has been ended, not that none was begun', async () => {
  const left = Array.from({ length: 30 }, (_, n) => [`tests/${n}.test.js`, `test('${n}', () => undefined);`]);
  const project = fixture.project('plain', {
    'tests/first.test.js': `test('ends', () => process.kill(process.pid, 'SIGINT'));//${' '.repeat(20_000)}`,
    ...(Object.fromEntries(left) as Record<string, string>),
  });
  fixture.expectLeft();
  const run = await project.run({ parameters: inBand });
  expect(run.signal).toBe('SIGINT');
  expect(run.stderr).toContain('has ended it.');
  expect(run.stderr).not.toContain('did not run');
});
