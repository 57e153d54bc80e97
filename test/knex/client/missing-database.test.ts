import { Pool } from 'pg';
import { KnexFixture, rejection } from '../../support/knex/knex-fixture.js';
import { knexVersions } from '../../support/knex/knex-versions.js';
import { ask, databaseExists, serverUrl } from '../../support/server.js';

describe.each(knexVersions)('through one instance of %s on the very database', (version) => {
  const fixture = new KnexFixture(version);
  const { scratch } = fixture;
  const options = [{}, { ensureDatabase: true }];

  it.each(options)('drop and create leave it new, and the pool goes on (%j)', async (option) => {
    const database = await scratch.database();
    const warnings: unknown[] = [];
    const log = { warn: (text: unknown) => void warnings.push(text), error: () => undefined };
    const knex = fixture.connect(database, option, { pool: { min: 0, max: 3 }, log });
    await knex('marker').select();
    await knex.raw('DROP DATABASE IF EXISTS ??', [database]);
    expect(await databaseExists(database)).toBe(false);
    warnings.length = 0;
    expect(await knex.raw('CREATE DATABASE ??', [database])).toMatchObject({ command: 'CREATE', rows: [] });
    expect(await knex.schema.hasTable('marker')).toBe(false);
    expect(warnings.filter((text) => String(text).startsWith('Acquire'))).toEqual([]);
    await knex.schema.createTable('marker', (table) => void table.text('content'));
    await expect(knex.raw('CREATE DATABASE ??', [database])).rejects.toMatchObject({ code: '42P04' });
    expect(await knex.schema.hasTable('marker')).toBe(true);
  });

  it.each(options)('rename away and copy back reset it (%j)', async (option) => {
    const database = await scratch.database();
    const kept = scratch.newName('kept');
    const knex = fixture.connect(database, option);
    await knex.raw('ALTER DATABASE ?? RENAME TO ??', [database, kept]);
    await knex.raw('CREATE DATABASE ?? TEMPLATE ??', [database, kept]);
    await knex('marker').delete();
    await knex.raw('DROP DATABASE ??', [database]);
    await knex.raw('ALTER DATABASE ?? RENAME TO ??', [kept, database]);
    expect(await knex('marker').pluck('content')).toEqual(['old']);
    expect(await databaseExists(kept)).toBe(false);
  });

  it('one schema builder drops and creates', async () => {
    const database = await scratch.database();
    const knex = fixture.connect(database);
    await knex.schema.raw(`DROP DATABASE ${database}`).raw(`CREATE DATABASE ${database} CONNECTION LIMIT 7`);
    expect(await knex.schema.hasTable('marker')).toBe(false);
    await knex.schema.raw(`DROP DATABASE ${database}`);
    await knex.schema.raw(`DROP DATABASE IF EXISTS ${database}`).raw(`CREATE DATABASE ${database}`);
    expect(await knex.schema.hasTable('marker')).toBe(false);
  });

  it.each(options)('statements on databases work without its own database (%j)', async (option) => {
    const [database, other] = [scratch.newName('missing'), scratch.newName('other')];
    const knex = fixture.wrap(
      {
        client: 'pg',
        connection: async () => Promise.resolve({ connectionString: serverUrl({ database }) }),
      },
      option,
    );
    await knex.raw('DROP DATABASE IF EXISTS ??', [database]);
    await expect(knex.raw('DROP DATABASE ??', [database])).rejects.toMatchObject({ code: '3D000' });
    await knex.raw('CREATE DATABASE ??', [other]);
    expect([await databaseExists(database), await databaseExists(other)]).toEqual([false, true]);
    await knex.raw('CREATE DATABASE ?? TEMPLATE template0', [database]);
    expect((await knex.raw<{ rows: object[] }>('SELECT current_database() AS name')).rows).toEqual([
      { name: database },
    ]);
  });

  it('everything else still says that it is missing', async () => {
    const knex = fixture.connect(scratch.newName('missing'));
    for (const sql of [
      'SELECT 1',
      'CREATE DATABASE never; SELECT 1',
      'ALTER DATABASE never CONNECTION LIMIT 1',
    ]) {
      expect(await rejection(knex.raw(sql))).toMatchObject({ code: '3D000' });
    }
    const transaction = knex.transaction(async (trx) => trx.raw('CREATE DATABASE never'));
    expect(await rejection(transaction)).toMatchObject({ code: '3D000' });
  });

  it('a database that the admin role creates belongs to the configured role', async () => {
    const [role, other] = [await scratch.role(), await scratch.role()];
    const database = await scratch.database(undefined, `OWNER ${role}`);
    const connection = serverUrl({ database, user: role, password: role });
    const knex = fixture.wrap({ client: 'pg', connection }, { adminConnection: serverUrl() });
    await knex.raw('DROP DATABASE ??', [database]);
    await knex.raw('CREATE DATABASE ??', [database]);
    const owner = 'SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1';
    expect(await ask(owner, [database])).toEqual([{ owner: role }]);
    await knex.raw('DROP DATABASE ??', [database]);
    await knex.raw('CREATE DATABASE ?? OWNER = ??', [database, other]);
    expect(await ask(owner, [database])).toEqual([{ owner: other }]);
  });

  it('a role that may not create databases gets the server’s error, and with a pool of the user it works', async () => {
    const role = await scratch.role();
    const connection = serverUrl({ database: scratch.newName('missing'), user: role, password: role });
    const refused = await rejection(fixture.wrap({ client: 'pg', connection }).raw('CREATE DATABASE never'));
    expect(refused).toMatchObject({ code: 'PERMISSION_DENIED' });
    if (version !== 'knex') return;
    const database = await scratch.database();
    const connectionPool = new Pool({ connectionString: serverUrl({ database }) });
    const knex = fixture.wrap({ client: 'pg', connectionPool } as object);
    await knex.raw('DROP DATABASE ??', [database]);
    await knex.raw('CREATE DATABASE ??', [database]);
    expect(await knex.schema.hasTable('marker')).toBe(false);
    await connectionPool.end();
  });
});
