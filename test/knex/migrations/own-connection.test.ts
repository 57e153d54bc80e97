import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { serverUrl } from '../../support/server.js';
import { askDatabase, tables } from '../../support/knex/ask-database.js';
import { failure, KnexFixture, rejection } from '../../support/knex/knex-fixture.js';
import { writeProject } from '../../support/knex/knex-files.js';

const fixture = new KnexFixture('knex');
const { scratch } = fixture;

const people = `exports.up = (knex) => knex.schema.createTable('people', (t) => t.increments());
exports.down = () => {};`;

describe('migrateFresh in the process of its caller', () => {
  it('refuses to replace a database that a migration wrote to, and does not say that it is untouched', async () => {
    const database = await scratch.database();
    const folder = writeProject(fixture.project.directory, {
      'migrations/1.js': people,
      'migrations/2.js': `const { Client } = require('pg');
exports.up = async () => {
  const client = new Client({ connectionString: ${JSON.stringify(serverUrl({ database }))} });
  await client.connect();
  await client.query('DELETE FROM marker');
  await client.end();
};
exports.down = () => {};`,
    });
    const knex = fixture.connect(database, {}, { migrations: { directory: join(folder, 'migrations') } });
    const error = await failure(fixture.project.plugin.migrateFresh(knex));
    expect(error.code).toBe('REFUSED');
    expect(error.message).toContain(`${folder}/migrations/2.js:4 connected to database "${database}"`);
    expect(error.message).toContain('The database was not replaced');
    expect(error.message).not.toMatch(/stays as it was|untouched/);
    expect(await tables(database)).toEqual(['marker']);
  });

  it('succeeds if the pool of the instance connects for other code of the process, or had a session before', async () => {
    const database = await scratch.database();
    const before = new Client({ connectionString: serverUrl({ database }) });
    before.on('error', () => undefined);
    await before.connect();
    const folder = writeProject(fixture.project.directory, {
      'migrations/1.js': `exports.up = async (knex) => {
  await new Promise((done) => globalThis.whileMigrating(done));
  await knex.schema.createTable('people', (t) => t.increments());
};
exports.down = () => {};`,
    });
    const knex = fixture.connect(database, {}, { migrations: { directory: join(folder, 'migrations') } });
    const shared = globalThis as { whileMigrating?: (done: () => void) => void };
    const asked = new Promise<void>((resolve) => {
      shared.whileMigrating = (done) => {
        release = done;
        resolve();
      };
    });
    let release = (): void => undefined;
    const migrated = fixture.project.plugin.migrateFresh(knex);
    await asked;
    await knex.raw('SELECT 1');
    release();
    await migrated;
    await before.end().catch(() => undefined);
    expect(await tables(database)).toContain('people');
  });
});

describe('the name of the database', () => {
  it('is the final one in what migrations query, decide and store; a lookup by name finds the new one', async () => {
    const database = await scratch.database();
    const folder = writeProject(fixture.project.directory, {
      'migrations/1.js': `exports.up = async (knex) => {
  const { rows } = await knex.raw('SELECT current_database(), current_catalog AS also');
  const like = await knex.raw("SELECT current_database() LIKE 'pg_evict%' AS is_private");
  await knex.raw("CREATE TABLE names (name text, kept text DEFAULT current_database())");
  await knex.raw('INSERT INTO names (name) VALUES (current_database())');
  await knex('names').insert({ name: rows[0].current_database });
  await knex('names').insert({ name: rows[0].also });
  await knex('names').insert({ name: knex.client.database() });
  await knex('names').insert({ name: String(like.rows[0].is_private) });
  await knex.raw("DO $$ BEGIN IF current_database() = '${database}' THEN INSERT INTO names (name) VALUES ('decided'); END IF; END $$");
  await knex.raw("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem TO 4321', current_database()); END $$");
  const columns = await knex('names').columnInfo();
  await knex('names').insert({ name: Object.keys(columns).join() });
  const found = await knex.raw('SELECT count(*)::int AS n FROM pg_database WHERE datname = current_database()');
  await knex('names').insert({ name: String(found.rows[0].n) });
};
exports.down = () => {};`,
    });
    const knex = fixture.connect(database, {}, { migrations: { directory: join(folder, 'migrations') } });
    await fixture.project.plugin.migrateFresh(knex);
    const rows = await askDatabase(database, 'SELECT array_agg(name) AS names FROM names');
    expect(rows).toEqual([
      { names: [database, database, database, database, 'false', 'decided', 'name,kept', '1'] },
    ]);
    expect(
      await askDatabase(
        database,
        `SELECT setconfig FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()`,
      ),
    ).toEqual([{ setconfig: ['work_mem=4321'] }]);
  });
});

describe('parts of the client that third parties read', () => {
  it('the class of a client has the name that knex gives it, also while it migrates', async () => {
    const database = await scratch.database();
    const folder = writeProject(fixture.project.directory, {
      'migrations/1.js': `exports.up = (knex) => knex.schema.createTable(knex.client.constructor.name, () => undefined);
exports.down = () => {};`,
    });
    const plain = fixture.project.knex({ client: 'pg' }).client as object;
    const knex = fixture.connect(database, {}, { migrations: { directory: join(folder, 'migrations') } });
    expect((knex.client as object).constructor.name).toBe(plain.constructor.name);
    await fixture.project.plugin.migrateFresh(knex);
    expect(await tables(database)).toContain(plain.constructor.name);
  });
});

it('a pool of the project that only connects is accepted', async () => {
  const database = await scratch.database();
  const connectionPool = {
    connect: async () => {
      const client = new Client({ connectionString: serverUrl({ database }) });
      await client.connect();
      return Object.assign(client, { release: () => void client.end() });
    },
  };
  const knex = fixture.wrap({ client: 'pg', connectionPool } as object);
  expect(await knex('marker').select('content')).toEqual([{ content: 'old' }]);
});

describe('a migration lock that is taken', () => {
  it("has knex's own message, and is explained where knex warns", async () => {
    const database = await scratch.database();
    const folder = writeProject(fixture.project.directory, { 'migrations/1.js': people });
    const warnings: string[] = [];
    const log = { warn: (message: string) => void warnings.push(message) };
    const migrations = { directory: join(folder, 'migrations'), tableName: 'own' };
    const knex = fixture.connect(database, {}, { log, migrations });
    await knex.migrate.latest();
    await knex('own_lock').update({ is_locked: 1 });
    writeFileSync(join(folder, 'migrations/2.js'), people.replaceAll('people', 'pets'));
    const error = await rejection(knex.migrate.latest());
    expect(error).toMatchObject({ name: 'MigrationLocked', message: 'Migration table is already locked' });
    expect(warnings.join('\n')).toMatch(
      /^Migration table is already locked\. .*knex migrate:unlock \(knex\.migrate\.forceFreeMigrationsLock/m,
    );
  });

  it('is not reported if a table of the application only looks like one', async () => {
    const database = await scratch.database();
    await askDatabase(database, 'CREATE TABLE job (name text); CREATE TABLE job_lock (is_locked int)');
    const warnings: string[] = [];
    const knex = fixture.connect(database, {}, { log: { warn: (message) => void warnings.push(message) } });
    expect(await knex('job_lock').where({ is_locked: 0 }).update({ is_locked: 1 })).toBe(0);
    expect(warnings).toEqual([]);
  });
});
