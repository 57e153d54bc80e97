import { readFileSync } from 'node:fs';
import { runCli } from '../../support/cli/run-cli.js';
import { useOwnServer } from '../../support/own-server.js';
import { requireTls, type TlsFiles } from '../../support/require-tls.js';
import { serverUrl } from '../../support/server.js';
import { askDatabase, tables } from '../../support/knex/ask-database.js';
import { ends, KnexFixture, rejection } from '../../support/knex/knex-fixture.js';
import { writeProject } from '../../support/knex/knex-files.js';
import { knexVersions } from '../../support/knex/knex-versions.js';

// A server that lets nobody in without TLS: whoever got in spoke it.
describe.each(knexVersions)('%s over TLS', (version) => {
  const fixture = new KnexFixture(version);
  const { scratch } = fixture;
  let files: TlsFiles;
  const server = useOwnServer();
  beforeAll(async () => {
    files = await requireTls(server());
  });
  afterAll(() => files.remove());

  const connection = (database: string, ssl: unknown): object => {
    const { hostname, port, username, password } = new URL(serverUrl());
    return {
      host: hostname,
      port: Number(port),
      user: username,
      password: decodeURIComponent(password),
      database,
      ssl,
    };
  };

  it('the plugin connects as knex does', async () => {
    const database = await scratch.database();
    const opened = await fixture.others(database);
    const ssl = { ca: readFileSync(files.certificate, 'utf8') };
    const knex = fixture.wrap({ client: 'pg', connection: connection(database, ssl) });
    const { rows } = await knex.raw<{ rows: unknown[] }>(
      'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    expect(rows).toEqual([{ ssl: true }]);
    await fixture.project.plugin.recreateDatabase(knex);
    expect(await ends(opened)).toEqual(['57P01', '57P01', '57P01']);
    await knex.raw('DROP DATABASE ??', [database]);
    const ensuring = fixture.wrap(
      { client: 'pg', connection: connection(database, ssl) },
      { ensureDatabase: true },
    );
    await ensuring.raw('SELECT 1');
    const unverified = fixture.wrap({ client: 'pg', connection: connection(database, true) });
    expect(String(await rejection(unverified.raw('SELECT 1')))).toMatch(/self-signed certificate/);
  });

  it('pg-evict fresh migrates with the ssl of the knexfile', async () => {
    const database = await scratch.database();
    const settings = connection(database, { ca: readFileSync(files.certificate, 'utf8') });
    const folder = writeProject(fixture.project.directory, {
      'knexfile.js': `module.exports = { client: 'pg', connection: ${JSON.stringify(settings)} }`,
      'migrations/001_secure.js': `exports.up = (knex) => knex.raw(
          'CREATE TABLE secure AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
        exports.down = () => Promise.resolve();`,
    });
    const { code, stderr } = await runCli(['fresh', '--yes'], {}, folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await tables(database)).toContain('secure');
    expect(await askDatabase(database, 'SELECT ssl FROM secure')).toEqual([{ ssl: true }]);
  });
});
