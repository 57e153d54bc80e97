import { jestVersions } from './support/jest-installation.js';
import { JestFixture } from './support/jest-fixture.js';
import { inBand, withWorkers } from './support/jest-project.js';

const files = ['knex', 'objects', 'prepared', 'rows', 'schema', 'sequences', 'truncate'];
const allPassed = Object.fromEntries(
  files.map((file) => [`${file}.test.js`, { status: 'passed', message: '' }]),
);

describe('a project with the preset', () => {
  const fixture = new JestFixture();

  it.each(jestVersions)(
    'has the template, exactly, at the start of each test file, in workers of %s',
    async (version) => {
      const run = await fixture.project('shop', {}, version).run({ parameters: withWorkers });
      expect(run).toMatchObject({ code: 0, files: allPassed, passed: 13 });
    },
  );

  it('has it in band just so, where environment and global setup share a process', async () => {
    const run = await fixture.project('shop').run({ parameters: inBand });
    expect(run).toMatchObject({ code: 0, files: allPassed, passed: 13 });
  });

  it('has it in worker threads just so, each with a name of its own', async () => {
    const project = fixture.project('shop', {
      'tests/thread.test.js': `const { threadId } = require('node:worker_threads');
        test('is in the name', () => {
          expect(threadId).toBeGreaterThan(0);
          expect(process.env.PGDATABASE).toContain('_' + process.pid + '_' + threadId + '_');
        });`,
    });
    const run = await project.run({ parameters: [...withWorkers, '--workerThreads'] });
    const withThread = { ...allPassed, 'thread.test.js': { status: 'passed', message: '' } };
    expect(run).toMatchObject({ code: 0, files: withThread, passed: 14 });
  });
});
