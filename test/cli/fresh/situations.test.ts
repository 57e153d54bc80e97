import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, serverUrl, uniqueName, until } from '../../support/server.js';
import { runCli, startCli, type CliResult } from '../../support/cli/run-cli.js';
import { askDatabase, tables } from '../../support/knex/ask-database.js';
import { KnexFixture } from '../../support/knex/knex-fixture.js';
import { writeProject } from '../../support/knex/knex-files.js';

const fixture = new KnexFixture('knex');
const { scratch } = fixture;

const fromVariable = `module.exports = { client: 'pg', connection: process.env.APP_URL };`;
const migration = (up: string): string => `exports.up = async (knex) => { ${up} }; exports.down = () => {};`;

it('asks a connection function again once what it gave has expired', async () => {
  const database = await scratch.database();
  const url = new URL(serverUrl({ database }));
  const folder = project({
    'knexfile.js': `let asked = 0;
      module.exports = {
        client: 'pg',
        pool: { min: 0, max: 4, idleTimeoutMillis: 50, reapIntervalMillis: 20 },
        connection: async () => {
          asked += 1;
          globalThis.asked = asked;
          const until = Date.now() + 100;
          return { host: '${url.hostname}', port: ${url.port}, user: '${url.username}', password: '${url.password}',
            database: '${database}', expirationChecker: () => Date.now() > until };
        },
      };`,
    'migrations/1.js': `exports.config = { transaction: false };
      exports.up = async (knex) => {
        await knex.raw('SELECT 1');
        const before = globalThis.asked;
        await new Promise((done) => setTimeout(done, 400));
        await knex.schema.createTable('asked', (t) => { t.integer('before'); t.integer('after'); });
        await knex('asked').insert({ before, after: globalThis.asked });
      };
      exports.down = () => {};`,
  });
  const { code, stderr } = await runCli(['fresh', '-y'], {}, folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await askDatabase(database, 'SELECT after > before AS again FROM asked')).toEqual([{ again: true }]);
});

it('names a command that leads to the server of the knexfile it has found, and it works', async () => {
  const database = await scratch.database();
  const folder = project({ 'migrations/1.js': migration(`await knex.schema.createTable('old', () => {});`) });
  await fresh(folder, database);
  writeFileSync(
    join(folder, 'migrations/2.js'),
    migration(`await knex.schema.createTable('new', () => {});`),
  );
  const { stdout } = await fresh(folder, database, '--undo', '1h');
  expect(await tables(database)).toContain('new');
  const [, command = ''] = /: pg-evict (undo .*)$/m.exec(stdout) ?? [];
  expect(command).toBe(`undo ${database} --knexfile knexfile.js`);
  const { code, stderr } = await runCli(
    [...command.split(' '), '-y'],
    { APP_URL: serverUrl({ database }) },
    folder,
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await tables(database)).not.toContain('new');
});

it('finds modules by the paths of a tsconfig', async () => {
  const database = await scratch.database();
  const folder = project({
    'tsconfig.json': `{ "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["src/lib/*"] } } }`,
    'src/lib/tables.ts': `export const table: string = 'by_path';`,
    'migrations/1.ts': `import type { Knex } from 'knex';
      import { table } from '@lib/tables';
      export const up = (knex: Knex) => knex.schema.createTable(table, () => undefined);
      export const down = () => undefined;`,
  });
  const { code, stderr } = await fresh(folder, database);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await tables(database)).toContain('by_path');
});

it('names the remedy if migrations do not create their own schema, and it works', async () => {
  const database = await scratch.database();
  const folder = project({
    'knexfile.js': `module.exports = { client: 'pg', connection: process.env.APP_URL, migrations: { schemaName: 'meta' } };`,
    'migrations/1.js': migration(`await knex.schema.createTable('made', () => undefined);`),
  });
  const refused = await fresh(folder, database);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/schema "meta" does not exist\nhint: .*--template <database>/);
  const template = await scratch.database(uniqueName('base'));
  await askDatabase(template, 'CREATE SCHEMA meta');
  expect(await fresh(folder, database, '--template', template)).toMatchObject({ code: 0 });
  expect(await tables(database)).toContain('made');
});

it('says why, and exits with 6, where the session of a migration is terminated', async () => {
  const database = await scratch.database();
  const folder = project({
    'migrations/1.js': migration(`await knex.raw("SELECT pg_sleep(60) /* ${database} */");`),
  });
  const { result } = startCli(['fresh', '-y'], { APP_URL: serverUrl({ database }) }, folder);
  const sleeping = `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()`;
  const pattern = `SELECT pg_sleep(60) /* ${database} */%`;
  await until(async () => (await ask(sleeping, [pattern])).length > 0, 'the migration to run');
  await ask(`SELECT pg_terminate_backend(pid) FROM (${sleeping}) AS found`, [pattern]);
  const { code, stderr } = await result;
  expect(stderr).toContain(`Migration "1.js" failed; database "${database}" was not replaced: `);
  expect(stderr).toContain('terminating connection due to administrator command');
  expect(code).toBe(6);
  expect(await tables(database)).toEqual(['marker']);
});

it.each([
  ['a seed that ends the process', `process.exit(0)`, 'ended with exit code 0 before it was done'],
  [
    'what throws outside',
    `setTimeout(() => { throw new Error('thrown outside'); }, 10); await new Promise(() => setTimeout(() => undefined, 1000))`,
    'thrown outside',
  ],
  ['what throws nothing', `throw undefined`, ''],
])('%s is a failure', async (_what, code, message) => {
  const database = await scratch.database();
  const folder = project({ 'migrations/1.js': migration(code) });
  const result = await fresh(folder, database);
  expect(result.stderr).toContain(message);
  expect(result.code).toBe(1);
  expect(await tables(database)).toEqual(['marker']);
});

it('ends the process that fills when the command is killed', async () => {
  const database = await scratch.database();
  const folder = project({
    'migrations/1.js': migration(
      `await knex.raw("SELECT pg_sleep(60) /* ${database} */, '" + process.pid + "'");`,
    ),
  });
  const { process: command, result } = startCli(
    ['fresh', '-y'],
    { APP_URL: serverUrl({ database }) },
    folder,
  );
  const sleeping = `SELECT query FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1`;
  const found = async (): Promise<{ query: string }[]> =>
    ask(sleeping, [`SELECT pg_sleep(60) /* ${database} */%`]);
  await until(async () => (await found()).length > 0, 'the migration to run');
  const pid = Number(/'(\d+)'/.exec((await found())[0]?.query ?? '')?.[1]);
  expect(isAlive(pid)).toBe(true);
  command.kill('SIGKILL');
  await result;
  await until(async () => Promise.resolve(!isAlive(pid)), 'the process that fills to end');
  expect(await tables(database)).toEqual(['marker']);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function project(files: Readonly<Record<string, string>>): string {
  return writeProject(fixture.project.directory, { 'knexfile.js': fromVariable, ...files });
}

async function fresh(folder: string, database: string, ...args: string[]): Promise<CliResult> {
  return runCli(['fresh', '-y', ...args], { APP_URL: serverUrl({ database }) }, folder);
}
