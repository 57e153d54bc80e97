import { createServer } from 'node:net';
import { withPgEvict } from '@pg-evict/knex';
import type { Knex } from 'knex';
import { Pool } from 'pg';
import { databaseExists, serverUrl, uniqueName } from '../../support/server.js';
import { KnexFixture, rejection } from '../../support/knex/knex-fixture.js';
import { knexVersions } from '../../support/knex/knex-versions.js';

describe.each(knexVersions)('%s', (version) => {
  const fixture = new KnexFixture(version);
  const { scratch } = fixture;

  /** A role with a password of scram-sha-256, and a database of its own. */
  async function ownDatabase(): Promise<{ database: string; role: string; url: string }> {
    const role = await scratch.role('CREATEDB', uniqueName('scram'));
    const database = await scratch.database(uniqueName('db'), `OWNER ${role}`);
    return { database, role, url: serverUrl({ database, user: role, password: role }) };
  }

  function asObject(url: string): Knex.PgConnectionConfig {
    const { hostname, port, username, password, pathname } = new URL(url);
    return { host: hostname, port: Number(port), user: username, password, database: pathname.slice(1) };
  }

  it('the server asks for passwords', async () => {
    const { url } = await ownDatabase();
    const knex = fixture.wrap({ client: 'pg', connection: { ...asObject(url), password: 'wrong' } });
    expect(await rejection(knex.raw('SELECT 1'))).toMatchObject({ code: '28P01' });
  });

  it.each<[string, object]>([
    ['graceMs', { graceMs: '5s' }],
    ['drainMs', { drainMs: -1 }],
    ['timeoutMs', { timeoutMs: '30s' }],
    ['keep', { keep: ['pgAdmin*'] }],
  ])('a wrong %s is refused before any statement', (name, options) => {
    expect(() => withPgEvict({ client: 'pg' }, options)).toThrow(new RegExp(`^${name} is `));
  });

  const shapes: [string, (url: string) => Knex.Config['connection']][] = [
    ['a string', (url) => url],
    ['a string with options', (url) => `${url}?application_name=mine&options=-c%20work_mem%3D4321`],
    ['an object', asObject],
    ['an object with a connectionString', (url) => ({ connectionString: url })],
    [
      'a connectionString that overrides what stands beside it',
      (url) => ({ connectionString: url, database: 'postgres', user: 'nobody' }),
    ],
    [
      'a password function',
      (url) => ({ ...asObject(url), password: () => asObject(url).password as string }),
    ],
    ['TLS settings', (url) => ({ ...asObject(url), ssl: false })],
    ['a function', (url) => () => asObject(url)],
    ['an async function', (url) => async () => Promise.resolve(asObject(url))],
    [
      'an async function with a connectionString',
      (url) => async () => Promise.resolve({ connectionString: url }),
    ],
  ];

  it.each(shapes)('finds its way with a connection given as %s', async (_name, shape) => {
    const { database, url } = await ownDatabase();
    const config = { client: 'pg', connection: shape(url) } as Knex.Config;
    const { recreateDatabase, terminateSessions, dropDatabase } = fixture.project.plugin;
    // Before the first connection, with one, through SQL, and in a clone that knex makes without the password.
    const knex = fixture.wrap(config);
    expect(await recreateDatabase(knex)).toMatchObject({ database, changed: true });
    expect(await knex.schema.hasTable('marker')).toBe(false);
    const { terminated } = await terminateSessions(knex);
    expect(terminated).toHaveLength(1);
    await knex.raw('SELECT 1');
    expect(await recreateDatabase(knex.withUserParams({ tenant: 1 }))).toMatchObject({ database });
    await knex.raw('DROP DATABASE ??', [database]);
    expect(await databaseExists(database)).toBe(false);

    const ensuring = fixture.wrap(config, { ensureDatabase: true });
    await Promise.all([1, 2, 3].map(async () => ensuring.raw('SELECT pg_sleep(0.05)')));
    expect(await databaseExists(database)).toBe(true);
    await dropDatabase(ensuring);
    expect(await databaseExists(database)).toBe(false);
  });

  it('asks a connection function no more often than knex does', async () => {
    const { url } = await ownDatabase();
    let calls = 0;
    const connection = async (): Promise<Knex.PgConnectionConfig> => {
      calls += 1;
      return Promise.resolve(asObject(url));
    };
    const { recreateDatabase } = fixture.project.plugin;
    const knex = fixture.wrap({ client: 'pg', connection });
    await recreateDatabase(knex);
    await knex.raw('SELECT 1');
    await recreateDatabase(knex);
    await knex.raw('SELECT 1');
    expect(calls).toBe(1);
  });

  it('asks a connection function again when it says that its settings have expired', async () => {
    const { url, database } = await ownDatabase();
    let calls = 0;
    let expired = false;
    const connection = (): Knex.PgConnectionConfig => {
      calls += 1;
      expired = false;
      return { ...asObject(url), expirationChecker: () => expired };
    };
    const { recreateDatabase } = fixture.project.plugin;
    const knex = fixture.wrap({ client: 'pg', connection });
    await recreateDatabase(knex);
    await recreateDatabase(knex);
    expect(calls).toBe(1);
    expired = true;
    expect(await recreateDatabase(knex)).toMatchObject({ database });
    expect(calls).toBe(2);
    await knex.raw('SELECT 1');
    expect(calls).toBe(2);
  });

  it('creates no database that exists but allows no connections', async () => {
    const { database, url } = await ownDatabase();
    await fixture.connect('postgres').raw(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    const knex = fixture.wrap({ client: 'pg', connection: url }, { ensureDatabase: true });
    expect(await rejection(knex.raw('SELECT 1'))).toMatchObject({ code: '55000' });
  });

  it('has another role run the statements that the application’s role may not', async () => {
    const role = await scratch.role('NOCREATEDB', uniqueName('plain'));
    const database = scratch.newName('db');
    const connection = serverUrl({ database, user: role, password: role });
    const refused = fixture.wrap({ client: 'pg', connection }, { ensureDatabase: true });
    expect(await rejection(refused.raw('SELECT 1'))).toMatchObject({ code: 'PERMISSION_DENIED' });

    // The database it names is not the one worked on.
    const options = { ensureDatabase: true, adminConnection: serverUrl({ database: 'template1' }) };
    const knex = fixture.wrap({ client: 'pg', connection }, options);
    await knex.schema.createTable('of_the_application', (table) => table.increments());
    const { recreateDatabase, migrateFresh } = fixture.project.plugin;
    expect(await recreateDatabase(knex, options)).toMatchObject({ database, changed: true });
    const migrationSource = {
      getMigrations: async () => Promise.resolve(['one']),
      getMigrationName: (name: string) => name,
      getMigration: async () =>
        Promise.resolve({
          up: async (trx: Knex) =>
            trx.schema.createTable('of_the_application', (table) => table.increments()),
          down: async () => Promise.resolve(),
        }),
    };
    const migrating = fixture.wrap({ client: 'pg', connection, migrations: { migrationSource } });
    await migrateFresh(migrating, { adminConnection: options.adminConnection });
    const { rows } = await knex.raw<{ rows: unknown[] }>(
      `SELECT DISTINCT tableowner, pg_get_userbyid(datdba) AS owner FROM pg_tables, pg_database
       WHERE schemaname = 'public' AND datname = current_database()`,
    );
    expect(rows).toEqual([{ tableowner: role, owner: role }]);
    await knex.raw('DROP DATABASE ??', [database]);
    expect(await databaseExists(database)).toBe(false);
  });

  it('creates no database that is missing but protected', async () => {
    const database = uniqueName('prod');
    const knex = fixture.connect(database, { ensureDatabase: true, protect: ['prod*'] });
    expect(await rejection(knex.raw('SELECT 1'))).toMatchObject({ code: 'PROTECTED' });
    expect(await databaseExists(database)).toBe(false);
  });

  it('creates nothing where it was not asked to', async () => {
    const database = uniqueName('missing');
    expect(await rejection(fixture.connect(database).raw('SELECT 1'))).toMatchObject({ code: '3D000' });
    expect(await databaseExists(database)).toBe(false);
  });

  it('does not try twice what will not pass', async () => {
    let attempts = 0;
    const server = createServer((socket) => {
      attempts += 1;
      socket.end();
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as { port: number };
    const knex = fixture.wrap({
      client: 'pg',
      connection: { host: 'localhost', port, user: 'x', database: 'x' },
    });
    await rejection(knex.raw('SELECT 1'));
    expect(attempts).toBeLessThanOrEqual(2);
    server.close();
  });

  // knex 3.3 brought it.
  if (version === 'knex') {
    describe('on a connectionPool of the application', () => {
      it('survives the termination of all its sessions, and leaves the pool alone', async () => {
        const { database, url } = await ownDatabase();
        const pool = new Pool({ connectionString: url, max: 5 });
        const knex = fixture.wrap({ client: 'pg', connectionPool: pool } as Knex.Config);
        const { recreateDatabase } = fixture.project.plugin;
        for (let round = 0; round < 3; round += 1) {
          await Promise.all([1, 2, 3].map(async () => knex.raw('SELECT pg_sleep(0.02)')));
          const slow = rejection(knex.raw('SELECT pg_sleep(60)'));
          const trx = await knex.transaction();
          await trx.raw('SELECT 1');
          expect(await recreateDatabase(knex)).toMatchObject({ database });
          expect(await slow).toMatchObject({ code: '57P01' });
          await rejection(trx.raw('SELECT 1'));
          await trx.rollback().catch(() => undefined);
          expect(await knex.schema.hasTable('marker')).toBe(false);
        }
        await knex.raw('DROP DATABASE ??', [database]);
        expect(await databaseExists(database)).toBe(false);
        expect(pool.ended).toBe(false);
        await pool.end();
      });

      it('creates the missing database for it', async () => {
        const database = scratch.newName('missing');
        const pool = new Pool({ connectionString: serverUrl({ database }), max: 2 });
        const knex = fixture.wrap({ client: 'pg', connectionPool: pool } as Knex.Config, {
          ensureDatabase: true,
        });
        await knex.raw('SELECT 1');
        expect(await databaseExists(database)).toBe(true);
        await pool.end();
      });
    });
  }
});
