import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ask,
  databaseExists,
  quote,
  serverMajor,
  serverUrl,
  uniqueName,
  withClient,
} from '../../support/server.js';
import { ends, KnexFixture } from '../../support/knex/knex-fixture.js';
import { knexVersions } from '../../support/knex/knex-versions.js';

const threeEnded = ['57P01', '57P01', '57P01'];

describe.each(knexVersions)('%s', (version) => {
  const fixture = new KnexFixture(version);
  const { scratch } = fixture;

  it('ends the other sessions before DROP DATABASE of another database', async () => {
    const database = await scratch.database();
    const opened = await fixture.others(database);
    const response: unknown = await fixture.connect('postgres').raw('DROP DATABASE ??', [database]);
    expect(await databaseExists(database)).toBe(false);
    expect(await ends(opened)).toEqual(threeEnded);
    expect(response).toMatchObject({ command: 'DROP', rows: [] });
  });

  it('drops the very database that its pool is on, while queries run', async () => {
    const database = await scratch.database();
    const opened = await fixture.others(database);
    const knex = fixture.connect(database, {}, { pool: { min: 0, max: 3 } });
    const running = knex.raw('SELECT pg_sleep(60)').then(
      () => 'answered',
      (error: { code?: string }) => error.code,
    );
    await knex.raw('DROP DATABASE ??', [database]);
    expect(await databaseExists(database)).toBe(false);
    expect(await ends(opened)).toEqual(threeEnded);
    expect(await running).toBe('57P01');
  });

  it('renames the database its pool is on', async () => {
    const database = await scratch.database();
    const renamed = scratch.newName('renamed');
    const opened = await fixture.others(database);
    await fixture.connect(database).schema.raw(`alter database ${quote(database)} rename to ${renamed}`);
    expect([await databaseExists(database), await databaseExists(renamed)]).toEqual([false, true]);
    expect(await ends(opened)).toEqual(threeEnded);
  });

  it('copies a database that others and its own pool are on', async () => {
    const database = await scratch.database();
    const copy = scratch.newName('copy');
    const opened = await fixture.others(database);
    const knex = fixture.connect(database);
    await knex.raw('/* of all */ CREATE DATABASE ?? WITH OWNER = DEFAULT TEMPLATE ??;', [copy, database]);
    expect(await ends(opened)).toEqual(threeEnded);
    const { rows } = await withClient(serverUrl({ database: copy }), async (client) =>
      client.query('SELECT content FROM marker'),
    );
    expect(rows).toEqual([{ content: 'old' }]);
    expect(await knex('marker').pluck('content')).toEqual(['old']);
  });

  it('moves a database to another tablespace', async () => {
    // Nowhere else may tests write on the server's behalf.
    if (serverMajor < 15) return;
    const database = await scratch.database();
    const tablespace = uniqueName('space');
    await withClient(serverUrl(), async (client) => {
      await client.query('SET allow_in_place_tablespaces = on');
      await client.query(`CREATE TABLESPACE ${tablespace} LOCATION ''`);
    });
    const opened = await fixture.others(database);
    const knex = fixture.connect(database);
    await knex.raw('ALTER DATABASE ?? SET TABLESPACE ??', [database, tablespace]);
    expect(await ends(opened)).toEqual(threeEnded);
    await knex.raw('ALTER DATABASE ?? SET TABLESPACE pg_default', [database]);
    await ask(`DROP TABLESPACE ${tablespace}`);
  });

  it('does so in a clone with user parameters', async () => {
    const database = await scratch.database();
    await fixture.others(database);
    await fixture
      .connect(database)
      .withUserParams({ tenant: 1 })
      .raw(`DROP DATABASE IF EXISTS ${quote(database)} WITH (FORCE)`);
    expect(await databaseExists(database)).toBe(false);
  });

  it('does so in a migration outside a transaction', async () => {
    const [own, other] = [await scratch.database(), await scratch.database()];
    const opened = await fixture.others(other);
    const knex = fixture.connect(own, {}, { migrations: { directory: migrations(other, false) } });
    await knex.migrate.latest();
    expect(await databaseExists(other)).toBe(false);
    expect(await ends(opened)).toEqual(threeEnded);
  });

  describe('refuses, and ends nobody,', () => {
    it('in a transaction', async () => {
      const database = await scratch.database();
      const opened = await fixture.others(database);
      const knex = fixture.connect('postgres');
      const attempt = knex.transaction(async (trx) => trx.raw('DROP DATABASE ??', [database]));
      await expect(attempt).rejects.toMatchObject({ code: 'IN_TRANSACTION', database });
      await expectAlive(opened);
      const nested = knex.transaction(async (trx) =>
        trx.transaction(async (inner) =>
          inner.raw('ALTER DATABASE ?? RENAME TO ??', [database, uniqueName('never')]),
        ),
      );
      await expect(nested).rejects.toMatchObject({ code: 'IN_TRANSACTION' });
      await expectAlive(opened);
    });

    it('in a transaction that knex does not know of', async () => {
      const database = await scratch.database();
      const opened = await fixture.others(database);
      const knex = fixture.connect('postgres', {}, { pool: { min: 0, max: 1 } });
      await knex.raw('BEGIN');
      await expect(knex.raw('DROP DATABASE ??', [database])).rejects.toMatchObject({
        code: 'IN_TRANSACTION',
      });
      await expect(knex.raw('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
      await expect(knex.raw('DROP DATABASE ??', [database])).rejects.toMatchObject({
        code: 'IN_TRANSACTION',
      });
      await knex.raw('ROLLBACK');
      await expectAlive(opened);
    });

    it('in one string with other statements', async () => {
      const database = await scratch.database();
      const opened = await fixture.others(database);
      const sql = `DROP DATABASE ${database}; CREATE DATABASE ${database}`;
      await expect(fixture.connect('postgres').raw(sql)).rejects.toMatchObject({
        code: 'IN_TRANSACTION',
        hint: 'Run it in a call of its own.',
      });
      await expectAlive(opened);
    });

    it('in a migration with its transaction, and says what to write', async () => {
      const [own, other] = [await scratch.database(), await scratch.database()];
      const opened = await fixture.others(other);
      const knex = fixture.connect(own, {}, { migrations: { directory: migrations(other, true) } });
      await expect(knex.migrate.latest()).rejects.toThrow('exports.config = { transaction: false }');
      await expectAlive(opened);
    });
  });

  describe('leaves alone', () => {
    it('for a missing or an existing name, the error is the driver’s, as without the plugin', async () => {
      const database = await scratch.database();
      const opened = await fixture.others(database);
      const knex = fixture.connect('postgres');
      await expect(knex.raw('DROP DATABASE nowhere_to_be_found')).rejects.toMatchObject({ code: '3D000' });
      await knex.raw('DROP DATABASE IF EXISTS nowhere_to_be_found');
      await expect(knex.raw('CREATE DATABASE ?? TEMPLATE template1', [database])).rejects.toMatchObject({
        code: '42P04',
      });
      await expect(knex.raw('CREATE DATABASE ??', [database])).rejects.toMatchObject({ code: '42P04' });
      await expectAlive(opened);
    });

    it('everything, with evict: false', async () => {
      const database = await scratch.database();
      const opened = await fixture.others(database);
      const knex = fixture.connect('postgres', { evict: false });
      await expect(knex.raw('DROP DATABASE ??', [database])).rejects.toMatchObject({ code: '55006' });
      await expectAlive(opened);
    });

    it('databases that are protected', async () => {
      const database = await scratch.database();
      const opened = await fixture.others(database);
      const knex = fixture.connect(database, { protect: ['db_*'] });
      await expect(knex.raw('DROP DATABASE ??', [database])).rejects.toMatchObject({ code: 'PROTECTED' });
      await expectAlive(opened);
      const label = `COMMENT ON DATABASE ${quote(database)} IS`;
      await ask(`${label} '[pg-evict: protected]'`);
      for (const sql of ['DROP DATABASE ??', 'ALTER DATABASE ?? RENAME TO never']) {
        await expect(fixture.connect(database).raw(sql, [database])).rejects.toMatchObject({
          code: 'PROTECTED',
        });
      }
      await expectAlive(opened);
      await ask(`${label} NULL`);
    });

    it('a template is refused for a drop, as by the server, and accepted for a rename', async () => {
      const database = await scratch.database(undefined, 'IS_TEMPLATE true');
      const opened = await fixture.others(database);
      const knex = fixture.connect('postgres');
      await expect(knex.raw('DROP DATABASE ??', [database])).rejects.toMatchObject({
        code: 'BLOCKED',
        blockers: [{ kind: 'template' }],
      });
      await expectAlive(opened);
      const renamed = scratch.newName('renamed');
      await knex.raw('ALTER DATABASE ?? RENAME TO ??', [database, renamed]);
      expect([await databaseExists(database), await databaseExists(renamed)]).toEqual([false, true]);
      expect(await ends(opened)).toEqual(threeEnded);
    });

    it('the name of the client, for code that looks it up', () => {
      expect(fixture.connect('postgres').client).toMatchObject({
        config: { client: 'pg' },
        driverName: 'pg',
      });
    });
  });

  async function expectAlive(opened: readonly { pid: number }[]): Promise<void> {
    const pids = opened.map(({ pid }) => pid);
    expect(await ask('SELECT pid FROM pg_stat_activity WHERE pid = ANY($1)', [pids])).toHaveLength(
      pids.length,
    );
  }

  function migrations(database: string, transaction: boolean): string {
    const directory = join(fixture.project.directory, uniqueName('migrations'));
    mkdirSync(directory);
    writeFileSync(
      join(directory, '001_drop.js'),
      `exports.up = (knex) => knex.schema.raw('DROP DATABASE ??', ['${database}']);
       exports.down = () => Promise.resolve();
       ${transaction ? '' : 'exports.config = { transaction: false };'}`,
    );
    return directory;
  }
});
