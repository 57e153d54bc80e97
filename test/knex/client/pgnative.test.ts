import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { runCli } from '../../support/cli/run-cli.js';
import { serverUrl } from '../../support/server.js';
import { tables } from '../../support/knex/ask-database.js';
import { KnexFixture } from '../../support/knex/knex-fixture.js';
import { ada, knexfile, people, writeProject } from '../../support/knex/knex-files.js';
import { knexVersions } from '../../support/knex/knex-versions.js';
import { runNode } from '../../support/knex/run-knex.js';

const env = { NODE_PATH: resolve(__dirname, '../../native/node_modules') };

const isInstalled = ((): boolean => {
  try {
    execFileSync(process.execPath, ['-e', 'require("pg-native")'], {
      env: { ...process.env, ...env },
      stdio: 'pipe',
    });
    return true;
  } catch {
    process.stderr.write(
      '\n!!! No pg-native here: the tests of the client pgnative are SKIPPED. npm install --prefix test/native\n\n',
    );
    return false;
  }
})();

(isInstalled ? describe : describe.skip).each(knexVersions)('the client pgnative of %s', (version) => {
  const fixture = new KnexFixture(version);

  it('works like pg, and survives the termination of its sessions', async () => {
    const database = fixture.scratch.newName('native');
    const script = join(__dirname, '../../support/knex/fixtures/pgnative.cjs');
    const { code, output } = await runNode(fixture.project.directory, [script, serverUrl(), database], env);
    expect(code === 0 ? '' : output).toBe('');
    const result = output.split('\n').find((line) => line.startsWith('{')) ?? '';
    expect(JSON.parse(result)).toEqual({
      driver: 'pgnative',
      ensured: database,
      ended: ['57P01', '57P01', '57P01'],
      inTransaction: 'IN_TRANSACTION',
      ensuredAgain: database,
      migrations: ['one'],
      migrated: true,
      wrong: expect.stringContaining('password authentication failed') as unknown,
    });
  });

  it('runs its migrations with pg-evict fresh', async () => {
    const database = await fixture.scratch.database();
    const folder = writeProject(fixture.project.directory, {
      'knexfile.ts': knexfile.replace("'pg'", "'pgnative'"),
      'migrations/001_people.ts': people,
      'seeds/ada.ts': ada,
    });
    const { code, stderr } = await runCli(
      ['fresh', '--yes', '--seed'],
      { ...env, APP_URL: serverUrl({ database }) },
      folder,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await tables(database)).toContain('people');
  });
});
