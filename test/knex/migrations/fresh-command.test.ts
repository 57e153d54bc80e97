import { ask, quote, serverUrl, uniqueName, until } from '../../support/server.js';
import { runCli, startCli, type CliResult } from '../../support/cli/run-cli.js';
import { askDatabase, tables } from '../../support/knex/ask-database.js';
import { ends, KnexFixture } from '../../support/knex/knex-fixture.js';
import { ada, knexfile, migration, people, pets, writeProject } from '../../support/knex/knex-files.js';
import { knexVersions } from '../../support/knex/knex-versions.js';

describe.each(knexVersions)('pg-evict fresh with %s', (version) => {
  const fixture = new KnexFixture(version);
  const { scratch } = fixture;

  it('migrates and seeds in TypeScript, terminates the connected sessions and reports in one document', async () => {
    const database = await scratch.database();
    const opened = await fixture.others(database);
    const folder = project({ 'migrations/002_pets.ts': pets, 'seeds/ada.ts': ada });
    const { code, stdout, stderr } = await fresh(folder, database, '--seed', '--yes', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'fresh',
      database,
      migrations: ['001_people.ts', '002_pets.ts'],
      seeds: ['ada.ts'],
      terminated: expect.arrayContaining(
        opened.map(({ pid }) => expect.objectContaining({ pid }) as unknown),
      ) as unknown,
      leftovers: [],
      dryRun: false,
    });
    expect(await ends(opened)).toEqual(['57P01', '57P01', '57P01']);
    expect(await names(database)).toEqual([{ name: 'Ada' }]);
    expect(await tables(database)).toEqual(['knex_migrations', 'knex_migrations_lock', 'people', 'pets']);
  });

  it('names each migration as it is done, and the result', async () => {
    const database = await scratch.database();
    const folder = project({ 'migrations/002_pets.ts': pets });
    const { code, stdout, stderr } = await fresh(folder, database, '-y');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      new RegExp(
        `^001_people\\.ts  \\S+ m?s\n002_pets\\.ts  \\S+ m?s\nRecreated ${database} with 2 migrations in`,
      ),
    );
  });

  it('keeps the old database in use when a migration fails, and names the migration and the reason', async () => {
    const database = await scratch.database();
    const opened = await fixture.others(database);
    const broken = migration(`await knex.raw("CREATE ROLE postgres PASSWORD 'geheim'");`);
    const folder = project({ 'migrations/002_broken.ts': broken, 'migrations/003_pets.ts': pets });
    const text = await fresh(folder, database, '-y');
    expect(text.code).toBe(1);
    expect(text.stderr).toMatch(
      new RegExp(
        `^error: Migration "002_broken\\.ts" failed; database "${database}" was not replaced: .*role "postgres" already exists\n$`,
      ),
    );
    const { code, stdout, stderr } = await fresh(folder, database, '-y', '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'UNEXPECTED', database, message: expect.stringContaining('002_broken.ts') as unknown },
    });
    expect(text.stderr + stdout).not.toContain('geheim');
    expect(await tables(database)).toEqual(['marker']);
    for (const { client, pid } of opened.slice(0, 1)) {
      expect((await client.query('SELECT pg_backend_pid() AS pid')).rows).toEqual([{ pid }]);
    }
    await expectNoLeftovers(database);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s during a migration leaves nothing half done, and says so',
    async (signal) => {
      const database = await scratch.database();
      const folder = project({ 'migrations/002_slow.ts': slow(database) });
      const { code, stderr } = await interrupted(folder, database, signal, '-y');
      expect(code).toBe(130);
      expect(stderr).toBe(
        `error: Aborted. Migration "002_slow.ts" did not end; database "${database}" was not replaced.\n`,
      );
      expect(await tables(database)).toEqual(['marker']);
      expect(await running(database)).toEqual([]);
      await expectNoLeftovers(database);
    },
  );

  it('a migration that ends after the interrupt is not said to be done', async () => {
    const database = await scratch.database();
    const interrupting = migration(`
      const interrupted = new Promise((done) => process.once('SIGINT', done));
      process.kill(process.pid, 'SIGINT');
      await interrupted;`);
    const { code, stdout, stderr } = await fresh(
      project({ 'migrations/002_interrupting.ts': interrupting }),
      database,
      '-y',
    );
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: `error: Aborted. Migration "002_interrupting.ts" did not end; database "${database}" was not replaced.\n`,
    });
    expect(stdout).toMatch(/^001_people\.ts {2}\S+ m?s\n$/);
    expect(await tables(database)).toEqual(['marker']);
  });

  it('an interrupt in place ends the migration on the server and says that it is half done', async () => {
    const database = await scratch.database();
    const folder = project({
      'migrations/002_slow.ts': slow(database, 'export const config = { transaction: false };'),
    });
    const { code, stderr } = await interrupted(folder, database, 'SIGINT', '-y', '--in-place');
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: `error: Aborted. Migration "002_slow.ts" did not end; database "${database}" may be half-migrated.\n`,
    });
    expect(await running(database)).toEqual([]);
    expect(await tables(database)).toEqual(['knex_migrations', 'knex_migrations_lock', 'people']);
  });

  it('has statements about the database end up on the new one', async () => {
    const database = await scratch.database(uniqueName('Odd "name"'));
    const role = await scratch.role();
    const statements = [
      `ALTER DATABASE ${quote(database)} SET statement_timeout TO '42s'`,
      `COMMENT ON DATABASE ${quote(database)} IS 'of a migration'`,
      `GRANT CREATE ON DATABASE ${quote(database)} TO ${role}`,
    ];
    const about = migration(`for (const sql of ${JSON.stringify(statements)}) await knex.raw(sql);`);
    const folder = project({ 'migrations/002_about.ts': about });
    expect(await fresh(folder, database, '-y')).toMatchObject({ code: 0, stderr: '' });
    const facts = `SELECT shobj_description(oid, 'pg_database') AS comment, datacl::text AS acl,
        ARRAY(SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
      FROM pg_database d WHERE datname = $1`;
    expect(await ask(facts, [database])).toEqual([
      {
        comment: 'of a migration',
        acl: expect.stringContaining(`${role}=C/`) as unknown,
        settings: ['statement_timeout=42s'],
      },
    ]);
  });

  it('refuses code that names the database, and runs it --in-place', async () => {
    const database = await scratch.database();
    const code = `await knex.raw("DO $$ BEGIN EXECUTE 'ALTER DATABASE ${database} SET work_mem TO 4321'; END $$");`;
    const folder = project({ 'migrations/002_code.ts': migration(code) });
    const refused = await fresh(folder, database, '-y');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('--in-place');
    expect(refused.stderr).not.toContain('inPlace');
    expect(await tables(database)).toEqual(['marker']);
    expect(await fresh(folder, database, '-y', '--in-place')).toMatchObject({ code: 0, stderr: '' });
    const settings = `SELECT setconfig FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = $1`;
    expect(await ask(settings, [database])).toEqual([{ setconfig: ['work_mem=4321'] }]);
  });

  it('a dry run lists what would be run and changes nothing', async () => {
    const database = await scratch.database();
    const [session] = await fixture.others(database);
    const folder = project({ 'seeds/ada.ts': ada });
    const { code, stdout } = await fresh(folder, database, '--dry-run', '--seed', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'fresh',
      migrations: ['001_people.ts'],
      seeds: ['ada.ts'],
      terminated: expect.arrayContaining([expect.objectContaining({ pid: session?.pid })]) as unknown,
      dryRun: true,
    });
    const text = await fresh(folder, database, '--dry-run');
    expect(text.stdout).toMatch(
      new RegExp(
        `^Would recreate ${database} with 1 migration; 3 sessions would be terminated\\..*\n  001_people\\.ts\n`,
      ),
    );
    expect(await tables(database)).toEqual(['marker']);
    expect((await session?.client.query('SELECT 1'))?.rows).toHaveLength(1);
  });

  it('migrates as the role of the application where another one has the privileges', async () => {
    const role = await scratch.role();
    const database = await scratch.database(undefined, `OWNER ${role}`);
    const { username: user, password } = new URL(serverUrl());
    const folder = project({ '.pg-evictrc.json': JSON.stringify({ admin: { user, password } }) });
    const { code, stderr } = await runCli(
      ['fresh', '-y'],
      { APP_URL: serverUrl({ database, user: role, password: role }) },
      folder,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const owners = `SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'`;
    expect(await askDatabase(database, owners)).toEqual([{ tableowner: role }]);
  });

  /** A migration that takes until somebody ends it. */
  function slow(database: string, more = ''): string {
    return migration(`await knex.raw("SELECT pg_sleep(600) /* ${database} */");`, more);
  }

  async function interrupted(
    folder: string,
    database: string,
    signal: NodeJS.Signals,
    ...args: string[]
  ): Promise<CliResult> {
    const { process: child, result } = startCli(
      ['fresh', ...args],
      { APP_URL: serverUrl({ database }) },
      folder,
    );
    await until(async () => (await running(database)).length > 0, 'the migration to run');
    child.kill(signal);
    return result;
  }

  async function running(database: string): Promise<unknown[]> {
    return ask(`SELECT pid FROM pg_stat_activity WHERE query LIKE $1 AND state = 'active'`, [
      `SELECT pg_sleep(600) /* ${database} */%`,
    ]);
  }

  function project(files: Readonly<Record<string, string>>): string {
    return writeProject(fixture.project.directory, {
      'knexfile.ts': knexfile,
      'migrations/001_people.ts': people,
      ...files,
    });
  }
});

async function fresh(folder: string, database: string, ...args: string[]): Promise<CliResult> {
  return runCli(['fresh', ...args], { APP_URL: serverUrl({ database }) }, folder);
}

async function names(database: string): Promise<unknown[]> {
  return askDatabase(database, 'SELECT name FROM people');
}

async function expectNoLeftovers(database: string): Promise<void> {
  const { findLeftovers } = await import('@pg-evict/core');
  const left = await findLeftovers({ connection: serverUrl({ database }) });
  expect(left.filter(({ of }) => of === database)).toEqual([]);
}
