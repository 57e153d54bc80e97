import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { undoDatabase } from '@pg-evict/core';
import type { Knex } from 'knex';
import { ask, quote, serverUrl, uniqueName } from '../../support/server.js';
import { ends, failure, KnexFixture } from '../../support/knex/knex-fixture.js';
import { knexVersions } from '../../support/knex/knex-versions.js';

describe.each(knexVersions)('%s', (version) => {
  const fixture = new KnexFixture(version);
  const { scratch } = fixture;

  it('migrates and seeds a new database beside the old one, and then replaces the old one', async () => {
    const database = await scratch.database();
    const opened = await fixture.others(database);
    const knex = fixture.connect(database, {}, project({ '001_people.js': people, '002_pets.js': pets }));
    expect(await knex('marker').pluck('content')).toEqual(['old']);
    const seen: string[] = [];
    const report = await fixture.project.plugin.migrateFresh(knex, {
      seed: true,
      onMigration: (name) => seen.push(name),
    });
    expect(report).toMatchObject({
      command: 'recreate',
      database,
      migrations: ['001_people.js', '002_pets.js'],
      seeds: [expect.stringMatching(/001_people\.js$/)],
      leftovers: [],
    });
    expect(seen).toEqual(report.migrations);
    expect(await ends(opened)).toEqual(['57P01', '57P01', '57P01']);
    expect(await knex('people').pluck('name')).toEqual(['Ada']);
    expect(await knex.schema.hasTable('marker')).toBe(false);
    expect(await knex.migrate.currentVersion()).toBe('002');
    expect(await knex.migrate.latest()).toEqual([expect.any(Number), []]);
  });

  it('keeps the replaced content with undoMs, and undoDatabase restores it', async () => {
    const database = await scratch.database();
    const knex = fixture.connect(database, {}, project({ '001_people.js': people }));
    const { kept } = await fixture.project.plugin.migrateFresh(knex, { undoMs: 3_600_000 });
    expect(kept).toMatchObject({ database: expect.stringMatching(/^pg_evict_undo_/) });
    expect(await knex.schema.hasTable('marker')).toBe(false);
    expect(await undoDatabase({ connection: serverUrl(), database })).toMatchObject({
      from: kept?.database,
      undone: { by: 'recreate' },
    });
    expect(await knex('marker').pluck('content')).toEqual(['old']);
  });

  it('keeps the old database in use when a migration fails, and names the migration', async () => {
    const database = await scratch.database();
    const opened = await fixture.others(database);
    const broken = `exports.up = (knex) => knex.raw('SELECT 1/0'); exports.down = () => Promise.resolve();`;
    const knex = fixture.connect(
      database,
      {},
      project({ '001_people.js': people, '002_broken.js': broken, '003_pets.js': pets }),
    );
    const error = await failure(fixture.project.plugin.migrateFresh(knex));
    expect(error).toMatchObject({ code: 'UNEXPECTED', sqlState: '22012', database });
    expect(error.message).toContain(
      `Migration "002_broken.js" failed; database "${database}" was not replaced`,
    );
    expect(await knex('marker').pluck('content')).toEqual(['old']);
    expect(await ask('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database])).toHaveLength(
      opened.length + 1,
    );
    await expectNoLeftovers(database);
  });

  it('goes on when its own session is terminated in the middle of a migration', async () => {
    const database = await scratch.database();
    // The private name tells the pid.
    const ending = `
      exports.up = async (knex) => {
        const { rows } = await knex.raw(
          \`SELECT pg_terminate_backend(split_part(current_database(), '_', 5)::int) AS ended\`,
        );
        if (rows[0].ended !== true) throw new Error('nobody was ended');
      };
      exports.down = () => Promise.resolve();`;
    const migrations = { '001_people.js': people, '002_ending.js': ending, '003_pets.js': pets };
    const knex = fixture.connect(database, {}, project(migrations));
    const report = await fixture.project.plugin.migrateFresh(knex, { seed: true });
    expect(report).toMatchObject({ migrations: Object.keys(migrations), leftovers: [] });
    expect(await knex('people').pluck('name')).toEqual(['Ada']);
    expect(await knex.migrate.currentVersion()).toBe('003');
    await expectNoLeftovers(database);
  });

  it('gives up a migration outside a transaction that leaves a transaction open', async () => {
    const database = await scratch.database();
    const abandoned = `
      exports.up = async (knex) => { await knex.transaction(); throw new Error('left'); };
      exports.down = () => Promise.resolve();
      exports.config = { transaction: false };`;
    const knex = fixture.connect(
      database,
      {},
      project({ '001_people.js': people, '002_left.js': abandoned }),
    );
    const error = await failure(fixture.project.plugin.migrateFresh(knex));
    expect(error.message).toContain('Migration "002_left.js" failed');
    await expectNoLeftovers(database);
  });

  it('names the seed that failed', async () => {
    const database = await scratch.database();
    const config = project(
      { '001_people.js': people },
      `exports.seed = (knex) => knex('nothing').insert({});`,
    );
    const error = await failure(
      fixture.project.plugin.migrateFresh(fixture.connect(database, {}, config), { seed: true }),
    );
    expect(error.message).toContain('A seed failed');
    expect(error.message).toContain('001_people.js');
  });

  it('has statements about the database end up on the new one', async () => {
    const database = await scratch.database(uniqueName('Odd "name"'));
    const role = await scratch.role();
    const name = quote(database);
    const statements = [
      `ALTER DATABASE ${name} SET statement_timeout TO '42s'; COMMENT ON DATABASE ${name} IS 'on database'`,
      `GRANT CREATE, TEMP ON DATABASE template1, ${name} TO ${role}; REVOKE CREATE ON DATABASE template1 FROM ${role}`,
      `ALTER ROLE ${role} IN DATABASE ${name} SET work_mem TO '5MB'`,
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout TO 7000', current_database()); END $$`,
    ];
    const migration = `
      exports.up = async (knex) => { for (const sql of ${JSON.stringify(statements)}) await knex.raw(sql); };
      exports.down = () => Promise.resolve();`;
    const knex = fixture.connect(database, {}, project({ '001_about.js': migration }));
    await fixture.project.plugin.migrateFresh(knex);
    const [facts] = await ask<Record<string, unknown>>(
      `SELECT shobj_description(oid, 'pg_database') AS comment, datacl::text AS acl,
         ARRAY(SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = d.oid ORDER BY 1) AS settings
       FROM pg_database d WHERE datname = $1`,
      [database],
    );
    expect(facts).toMatchObject({
      comment: 'on database',
      acl: expect.stringContaining(`${role}=CT/`) as unknown,
      settings: ['lock_timeout=7000', 'statement_timeout=42s', 'work_mem=5MB'],
    });
    await ask(`REVOKE ALL ON DATABASE template1 FROM ${role}`);
  });

  it('refuses code that names the database, and migrates it in place where asked to', async () => {
    const database = await scratch.database();
    const migration = `
      exports.up = (knex) => knex.raw("DO $$ BEGIN EXECUTE 'ALTER DATABASE ${database} SET work_mem TO 4321'; END $$");
      exports.down = () => Promise.resolve();`;
    const knex = fixture.connect(database, {}, project({ '001_code.js': migration }));
    const error = await failure(fixture.project.plugin.migrateFresh(knex));
    expect(error.code).toBe('REFUSED');
    expect(error.message).toContain('inPlace: true');
    expect(error.message).not.toContain('--in-place');
    expect(await knex('marker').pluck('content')).toEqual(['old']);
    const report = await fixture.project.plugin.migrateFresh(knex, { inPlace: true });
    expect(report.migrations).toEqual(['001_code.js']);
    const { rows } = await knex.raw<{ rows: unknown[] }>('SHOW work_mem');
    expect(rows).toHaveLength(1);
    expect(
      await ask(
        `SELECT setconfig FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = $1`,
        [database],
      ),
    ).toEqual([{ setconfig: ['work_mem=4321'] }]);
  });

  it('is refused for a transaction', async () => {
    const database = await scratch.database();
    const opened = await fixture.others(database);
    const { migrateFresh, recreateDatabase, dropDatabase, terminateSessions } = fixture.project.plugin;
    await fixture.connect(database).transaction(async (trx) => {
      for (const operate of [migrateFresh, recreateDatabase, dropDatabase, terminateSessions]) {
        expect(await failure(operate(trx))).toMatchObject({ code: 'IN_TRANSACTION' });
      }
    });
    expect(
      await ask('SELECT FROM pg_stat_activity WHERE pid = ANY($1)', [opened.map(({ pid }) => pid)]),
    ).toHaveLength(3);
  });

  const people = `
    exports.up = (knex) => knex.schema.createTable('people', (table) => { table.increments(); table.text('name'); });
    exports.down = (knex) => knex.schema.dropTable('people');`;
  const pets = `
    exports.up = (knex) => knex.schema.createTable('pets', (table) => table.increments());
    exports.down = (knex) => knex.schema.dropTable('pets');`;

  function project(
    migrations: Record<string, string>,
    seed = `exports.seed = (knex) => knex('people').insert({ name: 'Ada' });`,
  ): Knex.Config {
    const directory = join(fixture.project.directory, uniqueName('project'));
    const folders = { migrations: join(directory, 'migrations'), seeds: join(directory, 'seeds') };
    for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(migrations))
      writeFileSync(join(folders.migrations, file), text);
    writeFileSync(join(folders.seeds, '001_people.js'), seed);
    return { migrations: { directory: folders.migrations }, seeds: { directory: folders.seeds } };
  }

  async function expectNoLeftovers(database: string): Promise<void> {
    const { findLeftovers } = await import('@pg-evict/core');
    const left = await findLeftovers({ connection: serverUrl({ database }) });
    expect(left.filter(({ of }) => of === database)).toEqual([]);
  }
});
