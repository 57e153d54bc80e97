import { JestFixture } from '../../support/jest/jest-fixture.js';
import { inBand } from '../../support/jest/jest-project.js';

const config = (body: string): string => `const { Client } = require('pg');
module.exports = { testing: { template: { setup: async (url) => {
  const client = new Client({ connectionString: url });
  ${body}
} } } };`;

const create = `await client.query("CREATE TABLE notes AS SELECT 'template' AS text");`;

describe('a setup function', () => {
  const fixture = new JestFixture();

  it('that leaves its client open does not bring Jest down when the session is terminated', async () => {
    const project = fixture.project('plain', {
      'pg-evict.config.cjs': config(`await client.connect(); ${create}`),
    });
    const run = await project.run({ parameters: inBand });
    expect(run.stderr).not.toContain('terminating connection');
    expect(run).toMatchObject({ code: 0, passed: 2, failed: 0 });
  });

  it('that returns while a query runs fails, with that query', async () => {
    const project = fixture.project('plain', {
      'pg-evict.config.cjs': config(
        `void client.connect().then(() => client.query("SELECT pg_sleep(600)"));`,
      ),
    });
    const run = await project.run({ parameters: inBand });
    expect(run.stderr).toMatch(/setup function: .* was active: SELECT pg_sleep.*Await all/);
    expect(run).toMatchObject({ code: 1, passed: 0, failed: 0 });
  });
});
