import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, databaseExists, serverUrl, uniqueName, until, withClient } from '../../support/server.js';
import { KnexFixture } from '../../support/knex/knex-fixture.js';
import { knexVersions } from '../../support/knex/knex-versions.js';
import { runNode, type Outcome } from '../../support/knex/run-knex.js';

/** What people export from a knexfile, the call of withPgEvict included. `base` is what all have in common. */
const shapes: Record<string, string> = {
  'an object': `module.exports = withPgEvict({ ...base, connection: url }, options);`,
  'a map of environments': `
    module.exports = withPgEvict({
      development: { ...base, connection: url },
      production: { client: 'mysql2', connection: { host: 'nowhere' } },
    }, options);`,
  'a function': `module.exports = withPgEvict(() => ({ ...base, connection: url }), options);`,
  'an async function that returns a map': `
    module.exports = withPgEvict(async () => ({ development: { ...base, connection: url } }), options);`,
  'an ESM default export': `export default withPgEvict({ ...base, connection: url }, options);`,
  'an ESM default export of an async function': `
    export default withPgEvict(async () => ({ ...base, connection: url }), options);`,
  'a connection function with expiration': `
    let made = 0;
    module.exports = withPgEvict({
      ...base,
      connection: async () => {
        const until = Date.now() + 200;
        made += 1;
        return { ...parts, application_name: 'made ' + made, expirationChecker: () => Date.now() > until };
      },
    }, options);`,
  'a client class': `
    const Postgres = require('knex')({ client: 'pg' }).client.constructor;
    class Own extends Postgres {
      async acquireRawConnection() {
        const connection = await super.acquireRawConnection();
        await connection.query("SET application_name = 'own class'");
        return connection;
      }
    }
    module.exports = withPgEvict({ ...base, client: Own, connection: url }, options);`,
  'a searchPath': `
    module.exports = withPgEvict({ ...base, connection: url, searchPath: ['public', 'pg_catalog'] }, options);`,
  'a pool with afterCreate': `
    module.exports = withPgEvict({
      ...base,
      connection: url,
      pool: {
        min: 0,
        max: 4,
        afterCreate: (connection, done) => connection.query("SET application_name = 'after'", (error) => done(error, connection)),
      },
    }, options);`,
  'a postProcessResponse and a wrapIdentifier': `
    const camel = (row) => row && typeof row === 'object' && !Array.isArray(row)
      ? Object.fromEntries(Object.entries(row).map(([key, value]) => [key.replace(/_./g, (part) => part[1].toUpperCase()), value]))
      : row;
    module.exports = withPgEvict({
      ...base,
      connection: url,
      postProcessResponse: (result) => Array.isArray(result) ? result.map(camel) : camel(result),
      wrapIdentifier: (value, wrap) => wrap(value.replace(/[A-Z]/g, (letter) => '_' + letter.toLowerCase())),
    }, options);`,
  'the snake-case mappers of objection': `
    const { knexSnakeCaseMappers } = require('objection');
    module.exports = withPgEvict({ ...base, connection: url, ...knexSnakeCaseMappers() }, options);`,
  'an ssl object beside a connectionString': `
    module.exports = withPgEvict({
      ...base,
      connection: { connectionString: url + '?sslmode=disable&application_name=by%20url', ssl: { rejectUnauthorized: false } },
    }, options);`,
  'dialect in the place of client': `
    const { client, ...rest } = base;
    module.exports = withPgEvict({ ...rest, dialect: 'postgres', client: 'postgresql', connection: url }, options);`,
};

const migration = `
exports.up = async (knex) => {
  await knex.schema.createTable('people', (table) => { table.increments(); table.text('first_name'); });
};
exports.down = (knex) => knex.schema.dropTable('people');`;
const seed = `exports.seed = (knex) => knex('people').insert({ first_name: 'Ada' });`;

describe.each(knexVersions)('the unmodified command of %s', (version) => {
  const fixture = new KnexFixture(version);
  const { project, scratch } = fixture;

  it.each(Object.entries(shapes))('migrates, seeds and rolls back with %s', async (_name, shape) => {
    const { directory, knexfile } = write(shape);
    const database = scratch.newName('knexfile');
    const knex = async (...parameters: string[]): Promise<Outcome> =>
      runNode(directory, [project.command, ...parameters, '--knexfile', knexfile], {
        DATABASE_URL: serverUrl({ database }),
      });

    // The database does not exist yet: ensureDatabase.
    expect(await knex('migrate:latest')).toMatchObject({
      code: 0,
      output: expect.stringContaining('Batch 1 run: 1 migrations') as unknown,
    });
    expect(await knex('seed:run')).toMatchObject({
      code: 0,
      output: expect.stringContaining('Ran 1 seed files') as unknown,
    });
    const people = await withClient(serverUrl({ database }), async (client) =>
      client.query('SELECT first_name FROM people'),
    );
    expect(people.rows).toEqual([{ first_name: 'Ada' }]);
    expect(await knex('migrate:rollback')).toMatchObject({
      code: 0,
      output: expect.stringContaining('Batch 1 rolled back: 1 migrations') as unknown,
    });
  });

  it('drops a database that others are on in a migration, and refuses to in a transaction', async () => {
    const { directory, knexfile, folder } = write(shapes['an object'] ?? '');
    const [own, other] = [await scratch.database(), await scratch.database()];
    const opened = await fixture.others(other);
    const env = { DATABASE_URL: serverUrl({ database: own }) };
    const drop = `exports.up = (knex) => knex.raw('DROP DATABASE ${other}'); exports.down = () => Promise.resolve();`;
    writeFileSync(join(folder, '002_drop.js'), drop);
    const command = [project.command, 'migrate:latest', '--knexfile', knexfile];
    const refused = await runNode(directory, command, env);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.output).toContain('exports.config = { transaction: false }');
    const pids = opened.map(({ pid }) => pid);
    expect(await ask('SELECT FROM pg_stat_activity WHERE pid = ANY($1)', [pids])).toHaveLength(3);

    writeFileSync(join(folder, '002_drop.js'), `${drop} exports.config = { transaction: false };`);
    expect(await runNode(directory, command, env)).toMatchObject({ code: 0 });
    expect(await databaseExists(other)).toBe(false);
    expect(await Promise.all(opened.map(async ({ ended }) => ended))).toEqual(['57P01', '57P01', '57P01']);
  });

  it('frees the lock of a migration whose session is terminated', async () => {
    const { database, env, command, directory } = await slowMigration();
    const running = runNode(directory, command, env);
    await isAsleep(database);
    await ask('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
    expect(await running).toMatchObject({ code: 1 });
    expect(await isLocked(database)).toBe(false);
  });

  it('says what to do about the lock of a migration that was killed', async () => {
    const { database, env, command, directory, file } = await slowMigration();
    const controller = new AbortController();
    const running = runNode(directory, command, env, controller.signal);
    await isAsleep(database);
    controller.abort();
    await running;
    // Its session sleeps on.
    const early = await runNode(directory, command, env);
    expect(early.code).toBe(1);
    expect(early.output).toMatch(
      /Migration table is already locked\. One of the \d+ other sessions on database "\S+" may be migrating/,
    );
    await ask('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);

    const locked = await runNode(directory, command, env);
    expect(locked.code).toBe(1);
    expect(locked.output).toContain(
      `Migration table is already locked. No other session is connected to database "${database}": the process that migrated was ended`,
    );
    expect(locked.output).toContain('knex migrate:unlock');
    expect(await isLocked(database)).toBe(true);
    writeFileSync(file, `exports.up = exports.down = () => Promise.resolve();`);
    const unlock = [project.command, 'migrate:unlock', ...command.slice(2)];
    expect(await runNode(directory, unlock, env)).toMatchObject({ code: 0 });
    expect(await runNode(directory, command, env)).toMatchObject({ code: 0 });
  });

  async function slowMigration(): Promise<{
    directory: string;
    database: string;
    env: NodeJS.ProcessEnv;
    command: string[];
    file: string;
  }> {
    const { directory, knexfile, folder } = write(shapes['an object'] ?? '');
    const database = await scratch.database();
    const file = join(folder, '002_slow.js');
    writeFileSync(
      file,
      `exports.up = (knex) => knex.raw('SELECT pg_sleep(60)'); exports.down = () => Promise.resolve();
       exports.config = { transaction: false };`,
    );
    return {
      directory,
      database,
      env: { DATABASE_URL: serverUrl({ database }) },
      command: [project.command, 'migrate:latest', '--knexfile', knexfile],
      file,
    };
  }

  async function isAsleep(database: string): Promise<void> {
    const sql = `SELECT FROM pg_stat_activity WHERE datname = $1 AND query LIKE '%pg_sleep%' AND state = 'active'`;
    await until(async () => (await ask(sql, [database])).length > 0, 'the migration runs');
  }

  async function isLocked(database: string): Promise<boolean> {
    const { rows } = await withClient(serverUrl({ database }), async (client) =>
      client.query<{ is_locked: number }>('SELECT is_locked FROM knex_migrations_lock'),
    );
    return rows[0]?.is_locked === 1;
  }

  function write(shape: string): { directory: string; knexfile: string; folder: string } {
    const directory = join(project.directory, uniqueName('shape'));
    const folder = join(directory, 'migrations');
    mkdirSync(folder, { recursive: true });
    mkdirSync(join(directory, 'seeds'));
    writeFileSync(join(folder, '001_people.js'), migration);
    writeFileSync(join(directory, 'seeds', '001_people.js'), seed);
    const esm = shape.includes('export default');
    const knexfile = join(directory, esm ? 'knexfile.mjs' : 'knexfile.js');
    writeFileSync(
      knexfile,
      `${esm ? `import { withPgEvict } from '@pg-evict/knex';` : `const { withPgEvict } = require('@pg-evict/knex');`}
       const url = process.env.DATABASE_URL;
       const { hostname, port, username, password, pathname } = new URL(url);
       const parts = { host: hostname, port: Number(port), user: username, password, database: pathname.slice(1) };
       const options = { evict: true, ensureDatabase: true };
       const base = { client: 'pg', migrations: { directory: './migrations' }, seeds: { directory: './seeds' } };
       ${shape}`,
    );
    return { directory, knexfile, folder };
  }
});
