import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverUrl } from '../../support/server.js';
import { runCli, runCliJson, type CliResult } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';
import { askDatabase, tables } from '../../support/knex/ask-database.js';
import { KnexFixture } from '../../support/knex/knex-fixture.js';
import { knexfile, migration, people, writeProject } from '../../support/knex/knex-files.js';

const fixture = new KnexFixture('knex');
const { scratch } = fixture;

const script = `{ client: 'pg', connection: process.env.APP_URL }`;
const oldMigration = `exports.up = (knex) => knex.schema.createTable('people', (table) => table.increments());
  exports.down = (knex) => knex.schema.dropTable('people');`;

describe('the knexfile', () => {
  it.each([
    ['knexfile.js', `module.exports = ${script}`],
    ['knexfile.cjs', `module.exports = async () => (${script})`],
    ['knexfile.mjs', `export default { test: {}, development: ${script} }`],
    ['knexfile.ts', `enum E { A } export default ${script} as object & { e?: E }`],
    ['knexfile.mts', `const config: object = ${script}; export default config`],
    ['knexfile.cts', `const config: object = ${script}; module.exports = config`],
  ])('is found upward as %s; its folder is where relative paths begin', async (name, text) => {
    const database = await scratch.database();
    const folder = project({ [name]: text, 'migrations/001_people.js': oldMigration, 'src/deep/x.txt': '' });
    const { code, stderr } = await fresh(join(folder, 'src/deep'), database, '-y');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await tables(database)).toContain('people');
  });

  it('is the one of --knexfile, relative to where the command runs; --env chooses in it', async () => {
    const [first, second] = [await scratch.database(), await scratch.database()];
    const map = `module.exports = { test: { client: 'pg', connection: ${JSON.stringify(serverUrl({ database: second }))} } }`;
    const folder = project({ 'db/knexfile.js': map, 'db/migrations/001_people.js': oldMigration });
    const { code, stderr } = await fresh(
      folder,
      first,
      '-y',
      '--knexfile',
      'db/knexfile.js',
      '--env',
      'test',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await tables(second)).toContain('people');
    expect(await tables(first)).toEqual(['marker']);
  });

  it('names migrations also where the command line or the configuration names the server', async () => {
    const [inKnexfile, inConfig, onLine] = [
      await scratch.database(),
      await scratch.database(),
      await scratch.database(),
    ];
    const folder = project({
      'knexfile.js': `module.exports = ${script}`,
      'migrations/001_people.js': oldMigration,
      '.pg-evictrc.json': JSON.stringify({ connection: serverUrl({ database: inConfig }) }),
    });
    expect(await fresh(folder, inKnexfile, '-y')).toMatchObject({ code: 0, stderr: '' });
    expect(await fresh(folder, inKnexfile, '-y', '-d', serverUrl({ database: onLine }))).toMatchObject({
      code: 0,
    });
    expect(await tables(inKnexfile)).toEqual(['marker']);
    expect(await tables(inConfig)).toContain('people');
    expect(await tables(onLine)).toContain('people');
  });

  it('names the server for every command, where --knexfile names it', async () => {
    const database = await scratch.database();
    const folder = project({ 'knexfile.ts': knexfile });
    const args = ['--knexfile', join(folder, 'knexfile.ts')];
    const env = { APP_URL: serverUrl({ database }), DATABASE_URL: 'postgres://nobody@nowhere.invalid/x' };
    const { code, document } = await runCliJson(['sessions', ...args], env);
    expect(code).toBe(0);
    expect(document).toMatchObject({ database });
    expect((await runCli(['recreate', '--yes', ...args], env)).code).toBe(0);
    expect(await tables(database)).toEqual([]);
    const doctor = await runCli(['doctor', ...args], env);
    expect(doctor.stdout).toContain(`from ${join(folder, 'knexfile.ts')}, development`);
    const missing = await runCli(['sessions', '--knexfile', 'nowhere.js'], env);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('nowhere.js does not exist');
  });

  it('keeps the properties beside the connection, and knex keeps the others', async () => {
    const database = await scratch.database();
    const { hostname, port, username, password } = new URL(serverUrl());
    const folder = project({
      'knexfile.js': `module.exports = {
        client: 'pg',
        connection: { host: '${hostname}', port: '${port}', user: '${username}', password: process.env.SECRET,
          database: '${database}', application_name: 'mine', statement_timeout: 54321 },
        searchPath: ['extra', 'public'],
        pool: { afterCreate: (connection, done) => connection.query('SET lock_timeout TO 4321', done) },
        migrations: { tableName: 'own_migrations', schemaName: 'public' },
      }`,
      'migrations/001_settings.js': `exports.up = async (knex) => {
          await knex.raw('CREATE SCHEMA extra');
          await knex.raw("CREATE TABLE settings AS SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'application_name')");
        };
        exports.down = () => Promise.resolve();`,
    });
    const { code, stderr } = await runCli(['fresh', '-y'], { SECRET: decodeURIComponent(password) }, folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await askDatabase(database, 'SELECT * FROM extra.settings ORDER BY name')).toEqual([
      { name: 'application_name', setting: 'mine' },
      { name: 'lock_timeout', setting: '4321' },
      { name: 'statement_timeout', setting: '54321' },
    ]);
    expect(await tables(database)).toEqual(['own_migrations', 'own_migrations_lock']);
  });
});

describe('missing and wrong parts of a project', () => {
  it.each([
    ['no knexfile', {}, 'There is no knexfile in'],
    [
      'a client of another system',
      { 'knexfile.js': `module.exports = { client: 'mysql2', connection: 'mysql://localhost/x' }` },
      'the client of "development" is "mysql2", not PostgreSQL',
    ],
    ['a knexfile that throws', { 'knexfile.js': `throw new Error('of mine')` }, 'cannot be loaded: of mine'],
    [
      'no folder of migrations',
      { 'knexfile.js': `module.exports = ${script}` },
      /^error: There is no folder of migrations \/.*\/migrations\. .*\nhint: .* in migrations\.directory /,
    ],
    [
      'no folder of seeds',
      { 'knexfile.js': `module.exports = ${script}`, 'migrations/001_people.js': oldMigration },
      /^error: There is no folder of seeds .* in seeds\.directory /s,
    ],
  ])('%s exits with 2, and no session is disconnected', async (_what, files, expected) => {
    const database = await scratch.database();
    const [session] = await fixture.others(database);
    const { code, stderr } = await fresh(project(files), database, '-y', '--seed');
    expect(stderr).toMatch(expected);
    expect(code).toBe(2);
    expect((await session?.client.query('SELECT 1'))?.rows).toHaveLength(1);
    expect(await tables(database)).toEqual(['marker']);
  });

  it('a project without knex, or with too old a knex, gets an error that says so', async () => {
    const database = await scratch.database();
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-no-knex-')));
    try {
      writeFileSync(join(folder, 'knexfile.js'), `module.exports = ${script}`);
      writeFileSync(join(folder, 'package.json'), '{}');
      const none = await fresh(folder, database, '-y');
      expect(none).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('npm install knex pg') as unknown,
      });
      mkdirSync(join(folder, 'node_modules/knex'), { recursive: true });
      cpSync(
        fixture.project.command.replace(/bin.cli\.js$/, 'knex.js'),
        join(folder, 'node_modules/knex/knex.js'),
      );
      writeFileSync(
        join(folder, 'node_modules/knex/package.json'),
        JSON.stringify({ name: 'knex', version: '0.95.15', main: 'knex' }),
      );
      const old = await fresh(folder, database, '-y');
      expect(old.code).toBe(2);
      expect(old.stderr).toContain('is 0.95.15.\nhint: This works with knex 1, 2 and 3');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names a migration that cannot be read', async () => {
    const database = await scratch.database();
    const folder = project({ 'knexfile.ts': knexfile, 'migrations/001_torn.ts': 'export const up = (' });
    const { code, stderr } = await fresh(folder, database, '-y');
    expect(code).toBe(1);
    expect(stderr).toContain('001_torn.ts');
    expect(await tables(database)).toEqual(['marker']);
  });
});

describe('asking', () => {
  it('without a terminal needs --yes; what is protected is refused', async () => {
    const database = await scratch.database();
    const folder = project({ 'knexfile.ts': knexfile, 'migrations/001_people.ts': people });
    const asked = await fresh(folder, database);
    expect(asked).toMatchObject({ code: 3, stderr: expect.stringContaining('--yes') as unknown });
    const other = await fresh(folder, database, '--confirm', 'another');
    expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining('"another"') as unknown });
    const env = { APP_URL: serverUrl({ database }) };
    await runCli(['protect', '--knexfile', 'knexfile.ts'], env, folder);
    expect((await fresh(folder, database, '-y')).code).toBe(3);
    expect(await tables(database)).toEqual(['marker']);
    await runCli(['unprotect', '-y', '--knexfile', 'knexfile.ts'], env, folder);
    expect((await fresh(folder, database, '--confirm', database)).code).toBe(0);
  });

  it('creates a missing database only with --if-not-exists', async () => {
    const database = scratch.newName('db');
    const folder = project({ 'knexfile.ts': knexfile, 'migrations/001_people.ts': people });
    expect((await fresh(folder, database, '-y')).code).toBe(7);
    expect(await fresh(folder, database, '-y', '--if-not-exists')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Created ${database} with 1 migration in`) as string,
    });
    expect(await tables(database)).toContain('people');
  });
});

const describeOnTerminal = hasTerminal ? describe : describe.skip;

describeOnTerminal('on a terminal', () => {
  it('shows the losses, the command, and each migration', async () => {
    const database = await scratch.database();
    await fixture.others(database);
    const slow = migration(`await knex.raw('SELECT pg_sleep(0.5)');`);
    const folder = project({
      'knexfile.ts': knexfile,
      'migrations/001_people.ts': people,
      'migrations/002_slow.ts': slow,
    });
    const args = ['fresh', '--knexfile', join(folder, 'knexfile.ts')];
    const env = { APP_URL: serverUrl({ database }), NO_COLOR: '1' };
    const no = await runOnTerminal(args, { env, steps: [{ after: '[y/N]', type: 'n\r' }] });
    expect(no.code).toBe(3);
    expect(no.text).toContain(`Recreate "${database}"`);
    expect(no.text).toContain('with 2 migrations');
    expect(no.text).toContain('3 sessions');
    expect(await tables(database)).toEqual(['marker']);
    const yes = await runOnTerminal(args, { env, steps: [{ after: '[y/N]', type: 'y\r' }] });
    expect(yes.code).toBe(0);
    expect(yes.text).toContain('Migrating (1 of 2)');
    expect(yes.output).toMatch(/001_people\.ts {2}\S+ m?s/);
    expect(yes.text).toContain(`Recreated ${database} with 2 migrations`);
  });
});

it('prints one document although knexfile and migrations print, and ends although one leaves a timer', async () => {
  const database = await scratch.database();
  const chatty = migration(`console.log('from a migration'); setInterval(() => undefined, 1000);`);
  const folder = project({
    'knexfile.ts': `console.log('from the knexfile'); ${knexfile}`,
    'migrations/001_chatty.ts': chatty,
  });
  const { code, stdout, stderr } = await fresh(folder, database, '-y', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ command: 'fresh', migrations: ['001_chatty.ts'] });
  expect(stderr).toContain('from the knexfile');
  expect(stderr).toContain('from a migration');
});

function project(files: Readonly<Record<string, string>>): string {
  return writeProject(fixture.project.directory, files);
}

async function fresh(folder: string, database: string, ...args: string[]): Promise<CliResult> {
  return runCli(['fresh', ...args], { APP_URL: serverUrl({ database }) }, folder);
}
