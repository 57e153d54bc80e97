import { cpSync } from 'node:fs';
import { resolve } from 'node:path';
import { JestFixture } from '../support/jest/jest-fixture.js';
import { withWorkers, type JestProject } from '../support/jest/jest-project.js';

const example = resolve(__dirname, '../../examples/jest');

describe('the example', () => {
  const fixture = new JestFixture();

  function install(): JestProject {
    const project = fixture.project('empty');
    for (const part of ['package.json', 'knexfile.js', 'migrations', 'seeds', 'src', 'tests']) {
      cpSync(resolve(example, part), resolve(project.directory, part), { recursive: true });
    }
    return project;
  }

  it.each([
    ['on the server of DATABASE_URL', {}],
    ['without a server, which it starts', { DATABASE_URL: '' }],
  ])('passes in parallel with two lines of configuration, %s', async (_where, env) => {
    const run = await install().run({ parameters: withWorkers, env });
    expect(run).toMatchObject({ code: 0, passed: 5, failed: 0 });
  });

  it('that forgets to close what it opened is told both sessions, by the lines of the application', async () => {
    const project = install();
    project.write('tests/api.js', project.read('tests/api.js').replace('knex.destroy(), pool.end()', ''));
    const run = await project.run({ parameters: ['--runInBand', 'tests/report'] });
    expect(run).toMatchObject({ code: 1, passed: 2, failed: 0 });
    const { message } = run.files['report.test.js'] ?? { message: '' };
    expect(message).toMatch(/left 2 PostgreSQL sessions open/);
    expect(message).toMatch(/^ +src\/server\.js:\d+:\d+/m);
    expect(message).toMatch(/^ +tests\/report\.test\.js:\d+:\d+/m);
  });
});
