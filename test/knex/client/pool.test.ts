import { Client } from 'pg';
import { ask, serverUrl } from '../../support/server.js';
import { KnexFixture, rejection } from '../../support/knex/knex-fixture.js';
import { knexVersions } from '../../support/knex/knex-versions.js';

describe.each(knexVersions)('%s', (version) => {
  const fixture = new KnexFixture(version);

  it('recreates a database promptly from a pool that is exhausted, and the pool goes on', async () => {
    const database = await fixture.scratch.database();
    const knex = fixture.connect(database, {}, { pool: { min: 0, max: 2 } });
    const active = rejection(knex.raw('SELECT pg_sleep(60)'));
    const abandoned = await knex.transaction();
    await abandoned.raw('SELECT 1');
    const startedAt = performance.now();
    const { terminated } = await fixture.project.plugin.recreateDatabase(knex);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(terminated).toHaveLength(2);
    expect(await active).toMatchObject({ code: '57P01' });
    expect(await knex.schema.hasTable('marker')).toBe(false);
    await abandoned.rollback().catch(() => undefined);
    expect(await Promise.all([knex.raw('SELECT 1'), knex.raw('SELECT 1')])).toHaveLength(2);
  });

  it('listens to a connection from before it is connected: knex itself begins a moment too late', async () => {
    const database = await fixture.scratch.database();
    const knex = fixture.connect(database);
    const { driver } = knex.client as { driver: { Client: typeof Client } };
    const client = new driver.Client({ connectionString: serverUrl({ database }) });
    expect(client).toBeInstanceOf(Client);
    await client.connect();
    const ended = new Promise((resolve) => client.once('end', resolve));
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    // Nobody else listens: without a listener this would be an uncaught error.
    await ask('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await ended;
    expect(client).toMatchObject({ __knex__disposed: { code: '57P01' } });
  });

  it('leaves the configurations of other database systems as they are', () => {
    const { withPgEvict } = fixture.project.plugin;
    for (const client of ['mysql2', 'sqlite3', 'cockroachdb', 'redshift', 'mssql']) {
      const config = { client, connection: serverUrl() };
      expect(withPgEvict(config)).toBe(config);
    }
  });

  it('refuses an option that it does not have, by its name', () => {
    const { withPgEvict } = fixture.project.plugin;
    const misspelt = { protct: ['prod*'] } as object;
    expect(() => withPgEvict({ client: 'pg' }, misspelt)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/"protct".*protect/) as string,
      }),
    );
    expect(() => withPgEvict(() => ({ client: 'pg' }), misspelt)).toThrow(/"protct"/);
  });

  it('treats a configuration that is wrapped twice as one, with the later options first', async () => {
    const { withPgEvict } = fixture.project.plugin;
    const database = await fixture.scratch.database();
    await fixture.others(database);
    const once = withPgEvict({ client: 'pg', connection: serverUrl() }, { protect: ['db_*'] });
    const knex = fixture.remember(fixture.project.knex(withPgEvict(once, { evict: false })));
    expect(await rejection(knex.raw('DROP DATABASE ??', [database]))).toMatchObject({ code: '55006' });
  });
});
