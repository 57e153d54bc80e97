import { RunFixture, setupWith } from '../../support/testing/run-fixture.js';
import { useOwnServer } from '../../support/own-server.js';
import { ask } from '../../support/server.js';

const fixture = new RunFixture();
afterAll(async () => fixture.cleanUp());
// Autovacuum removes the file, and the next session writes it again.
useOwnServer({ autovacuum: 'off' });

test('a template has the file that the first session on each copy would otherwise have to write', async () => {
  await fixture.start({ template: { setup: setupWith('CREATE TABLE t (a int)') } });
  const files = await ask<{ datname: string; file: string }>(
    `SELECT datname, pg_ls_dir('base/' || oid) AS file FROM pg_database WHERE datname LIKE 'pg_evict_template_%'`,
    [],
  );
  expect(files.map(({ file }) => file)).toContain('pg_internal.init');
});
