import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireDatabase, type StartRunOptions, type TestRun } from '@pg-evict/testing';
import { failureOf } from '../../support/core/failure.js';
import { runCli } from '../../support/cli/run-cli.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, until } from '../../support/server.js';
import { ownDatabases, rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';
import { RunProcess } from '../../support/testing/run-process.js';

const scratch = new Scratch();
const fixture = new RunFixture();
afterAll(async () => {
  await RunProcess.killAll();
  await fixture.cleanUp();
  await scratch.cleanUp();
});
// It looks at all databases of the server.
useOwnServer();

const knexfile = `module.exports = { client: 'pg', connection: 'postgres://nobody@localhost:1/none',
  migrations: { directory: './db/migrations' }, seeds: { directory: './db/seeds' } };`;

const migration = (table: string, before = ''): string => `
exports.up = async (knex) => { ${before} await knex.schema.createTable('${table}', (t) => { t.increments(); t.text('name'); }); };
exports.down = async () => undefined;`;

/** A project whose migrations make a table. */
function knexProject(files: Readonly<Record<string, string>> = {}): string {
  return fixture.project({
    'knexfile.js': knexfile,
    'db/migrations/1_people.js': migration('people'),
    'db/seeds/people.js': `exports.seed = async (knex) => { await knex('people').insert({ name: 'Ada' }); };`,
    ...files,
  });
}

const names = async (url: string): Promise<unknown[]> =>
  (await rowsIn(url, 'SELECT name FROM people')).map(({ name }) => name);

describe('a template from knex', () => {
  test("holds what the project's migrations and seeds make, whatever connection the knexfile names", async () => {
    const cwd = knexProject();
    const run = await fixture.start({ template: { knex: true, seed: true } }, { cwd });
    expect(await names((await acquireDatabase(run)).url)).toEqual(['Ada']);
    const withoutSeeds = await fixture.start({ template: { knex: './knexfile.js' } }, { cwd });
    expect(withoutSeeds.template.name).not.toBe(run.template.name);
    expect(await names((await acquireDatabase(withoutSeeds)).url)).toEqual([]);
  });

  test('is used again by the next run, and built again when a migration changes', async () => {
    const cwd = knexProject();
    const first = await fixture.start({ template: { knex: true } }, { cwd });
    const [row] = await ask<{ oid: number }>('SELECT oid FROM pg_database WHERE datname = $1', [
      first.template.name,
    ]);
    await fixture.end(first);
    const second = await fixture.start({ template: { knex: true } }, { cwd });
    expect(await ask('SELECT oid FROM pg_database WHERE datname = $1', [second.template.name])).toEqual([
      row,
    ]);
    writeFileSync(join(cwd, 'db/migrations/2_pets.js'), migration('pets'));
    const third = await fixture.start({ template: { knex: true } }, { cwd });
    expect(third.template.name).not.toBe(second.template.name);
    expect(await rowsIn((await acquireDatabase(third)).url, 'SELECT FROM pets')).toEqual([]);
  });

  test('of migrations in TypeScript', async () => {
    const cwd = knexProject({
      'db/migrations/2_typed.ts': `import type { Knex } from 'knex';
        export async function up(knex: Knex): Promise<void> { await knex.schema.createTable('typed', () => undefined); }
        export async function down(): Promise<void> {}`,
    });
    const run = await fixture.start({ template: { knex: true } }, { cwd });
    expect(await rowsIn((await acquireDatabase(run)).url, 'SELECT FROM typed')).toEqual([]);
  });

  test('a migration that fails is named, and nothing is left', async () => {
    const cwd = knexProject({
      'db/migrations/2_bad.js': migration('bad', `await knex.raw('SELECT no_such_column');`),
    });
    const error = await failureOf(fixture.start({ template: { knex: true } }, { cwd }));
    expect(error.message).toMatch(/template for tests was not built from knex .*no_such_column/s);
    expect(await ownDatabases('building')).toEqual([]);
  });

  test('is the same for every checkout of the project, and another one when a seed changes', async () => {
    const start = async (seed?: string) => {
      const files = seed === undefined ? {} : { 'db/seeds/people.js': seed };
      const run = await fixture.start({ template: { knex: true, seed: true } }, { cwd: knexProject(files) });
      return { name: run.template.name, people: await names((await acquireDatabase(run)).url) };
    };
    const [here, there] = [await start(), await start()];
    expect(there).toEqual(here);
    const changed = await start(
      `exports.seed = async (knex) => { await knex('people').insert({ name: 'Grace' }); };`,
    );
    expect(changed.name).not.toBe(here.name);
    expect(changed.people).toEqual(['Grace']);
  });

  test.each([
    ['migrations', { knex: true }, 'db/seeds/people.js'],
    ['seeds', { knex: true, seed: true }, 'db/migrations/1_people.js'],
  ])('a missing folder of %s is named, and nothing is begun', async (what, template, other) => {
    const cwd = fixture.project({ 'knexfile.js': knexfile, [other]: '' });
    const error = await failureOf(fixture.start({ template }, { cwd }));
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${join(cwd, 'knexfile.js')} has its ${what} in ${join(cwd, 'db', what)}, which is not there. Make the folder, or name it in the knexfile: ${what}.directory.`,
    });
  });

  test('a project without knexfile, or without knex, gets an error with the remedy', async () => {
    const start = async (cwd: string) => failureOf(fixture.start({ template: { knex: true } }, { cwd }));
    expect((await start(fixture.project({}))).hint).toContain('testing.template.knex');
  });
});

test('if 16 processes ask at once, one builds the template, and all get it', async () => {
  const cwd = knexProject({
    // The server counts the builds: a sequence of its own outlives all of them.
    'db/migrations/2_counted.js': migration(
      'counted',
      `const { Client } = require('pg'); const client = new Client(process.env.COUNTER_URL); await client.connect();
       await client.query('INSERT INTO builds DEFAULT VALUES; SELECT pg_sleep(0.3)'); await client.end();`,
    ),
  });
  const counter = await scratch.database();
  await rowsIn(serverUrl({ database: counter }), 'CREATE TABLE builds (at timestamptz DEFAULT now())');
  process.env['COUNTER_URL'] = serverUrl({ database: counter });
  const options: StartRunOptions = { url: serverUrl(), cwd, testing: { template: { knex: true } } };
  const processes = Array.from({ length: 16 }, () => new RunProcess({ options }));
  const begun = await Promise.all(processes.map(async (process) => process.tell('begin')));
  for (const { template } of begun) fixture.forget(template);
  expect(new Set(begun.map(({ template }) => template)).size).toBe(1);
  expect(new Set(begun.map(({ id }) => id)).size).toBe(16);
  expect(await rowsIn(serverUrl({ database: counter }), 'SELECT count(*)::int FROM builds')).toEqual([
    { count: 1 },
  ]);
  const databases = await Promise.all(processes.map(async (process) => process.tell('acquire')));
  for (const { url } of databases) expect(await names(url)).toEqual([]);
  await Promise.all(processes.map(async (process) => process.tell('end')));
  expect(await Promise.all(processes.map(async (process) => process.ended()))).toEqual(
    processes.map(() => 0),
  );
  for (const { id } of begun) expect(await ownDatabases(id)).toEqual([]);
});

test('a builder that is killed half-way leaves nothing that another process would use; another one builds', async () => {
  const cwd = knexProject({
    'db/migrations/2_slow.js': migration(
      'slow',
      `await knex.raw('SELECT pg_sleep(' + (process.env.SLOW ?? 0) + ')');`,
    ),
  });
  const options: StartRunOptions = { url: serverUrl(), cwd, testing: { template: { knex: true } } };
  process.env['SLOW'] = '60';
  const builder = new RunProcess({ options });
  delete process.env['SLOW'];
  const beginning = builder.tell('begin').catch(() => undefined);
  await until(
    async () =>
      (await ask(`SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'`)).length > 0,
    'the migration runs',
  );
  const [building] = await ownDatabases('building');
  const waiting = new RunProcess({ options });
  const begun = waiting.tell('begin');
  await builder.kill();
  await beginning;
  // The migration's own session would sleep on.
  await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [building]);
  const { template } = await begun;
  fixture.forget(template);
  expect(await databaseExists(template)).toBe(true);
  await waiting.tell('end');
  // What it left is swept by the next run.
  await fixture.start();
  expect(await databaseExists(building ?? '')).toBe(false);
});

test('no client can connect to a finished template, not even a superuser', async () => {
  const run = await fixture.start({ template: { setup: setupWith('CREATE TABLE a ()') } });
  await expect(rowsIn(serverUrl({ database: run.template.name }), 'SELECT 1')).rejects.toMatchObject({
    code: '55000',
  });
});

test.each<[string, Error, Readonly<Record<string, unknown>>]>([
  ['of the project', new TypeError('x is not a function'), { code: 'UNEXPECTED' }],
  [
    'of the file system',
    Object.assign(new Error('nope'), { code: 'ENOENT', syscall: 'open' }),
    { code: 'UNEXPECTED' },
  ],
  [
    'of a statement',
    Object.assign(new Error('nope'), { code: '42P01' }),
    { code: 'UNEXPECTED', sqlState: '42P01' },
  ],
  [
    'of a connection',
    Object.assign(new Error('nope'), { code: 'EPIPE' }),
    { code: 'CONNECTION_FAILED', sqlState: null },
  ],
])('the code of a template that is not built shows an error %s', async (_whose, reason, expected) => {
  const setup = async () => Promise.reject(reason);
  expect(await failureOf(fixture.start({ template: { setup } }))).toMatchObject(expected);
});

test('a template that allows connections is not used; the error says how to have it built again', async () => {
  const cwd = fixture.project({ 'schema.sql': '' });
  const start = async () =>
    fixture.start({ template: { setup: setupWith('CREATE TABLE a ()'), inputs: 'schema.sql' } }, { cwd });
  const { template } = await start();
  await ask(`ALTER DATABASE ${quote(template.name)} ALLOW_CONNECTIONS true`);
  const error = await failureOf(start());
  expect(error).toMatchObject({ code: 'BLOCKED' });
  const [, command = ''] = / pg-evict (.*)$/.exec(error.message) ?? [];
  expect(await runCli([...command.split(' '), '--yes', '-d', serverUrl()])).toMatchObject({ code: 0 });
  expect((await start()).template.name).toBe(template.name);
});

test('a template of a role that tests do not use is not used, whatever is in it; what is printed has it built again', async () => {
  const cwd = fixture.project({ 'schema.sql': '' });
  const start = async () =>
    fixture.start({ template: { setup: setupWith('CREATE TABLE b ()'), inputs: 'schema.sql' } }, { cwd });
  const { template } = await start();
  const other = await scratch.role('CREATEDB');
  await ask(`ALTER DATABASE ${quote(template.name)} OWNER TO ${quote(other)}`);
  const error = await failureOf(start());
  expect(error).toMatchObject({
    code: 'REFUSED',
    message: expect.stringContaining(`belongs to "${other}"`) as unknown,
  });
  const [, command = ''] = / pg-evict (.*)$/.exec(error.message) ?? [];
  expect(await runCli([...command.split(' '), '--yes', '-d', serverUrl()])).toMatchObject({ code: 0 });
  expect((await start()).template.name).toBe(template.name);
});

test('settings, privileges and the comment that migrations give the database are those of each copy', async () => {
  const setup = setupWith(`DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET work_mem = ''7MB''', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('COMMENT ON DATABASE %I IS ''of the \\ application''''s''', current_database());
  END $$`);
  const run = await fixture.start({ template: { setup } });
  const database = await acquireDatabase(run);
  expect(await rowsIn(database.url, 'SHOW work_mem')).toEqual([{ work_mem: '7MB' }]);
  const facts = await ask<{ acl: string; comment: string; datistemplate: boolean }>(
    `SELECT datacl::text AS acl, shobj_description(oid, 'pg_database') AS comment, datistemplate FROM pg_database WHERE datname = $1`,
    [database.name],
  );
  expect(facts).toMatchObject([{ comment: "of the \\ application's", datistemplate: false }]);
  expect(facts[0]?.acl).toContain('=c/');
});

describe('the environment of the knexfile', () => {
  const environments = `module.exports = Object.fromEntries([['test', 'in_test'], ['testing', 'in_testing']].map(
    ([name, folder]) => [name, { client: 'pg', migrations: { directory: './' + folder } }]));`;
  const project = (): string =>
    fixture.project({
      'knexfile.js': environments,
      'in_test/1.js': migration('of_test'),
      'in_testing/1.js': migration('of_testing'),
    });
  const tables = async (run: TestRun): Promise<unknown[]> => {
    const sql = `SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'of%'`;
    return (await rowsIn((await acquireDatabase(run)).url, sql)).map(({ relname }) => relname);
  };

  test('is that of NODE_ENV, or the one that the template names; each has a template of its own', async () => {
    const cwd = project();
    expect(await tables(await fixture.start({ template: { knex: true } }, { cwd }))).toEqual(['of_test']);
    const template = { knex: true, env: 'testing' } as const;
    expect(await tables(await fixture.start({ template }, { cwd }))).toEqual(['of_testing']);
  });

  test('that the template names is also that of the connection, where the configuration names the same knexfile', async () => {
    const cwd = fixture.project({
      'knexfile.js': `module.exports = { development: { client: 'pg', connection: ${JSON.stringify(serverUrl())} } };`,
      'migrations/1.js': migration('of_development'),
      'package.json': JSON.stringify({
        'pg-evict': {
          knexfile: 'knexfile.js',
          testing: { template: { knex: true, env: 'development' } },
        },
      }),
    });
    expect(await tables(await fixture.start({}, { cwd, url: undefined }))).toEqual(['of_development']);
  });

  test('a missing one is named, with the existing ones', async () => {
    const error = await failureOf(
      fixture.start({ template: { knex: true, env: 'tset' } }, { cwd: project() }),
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(`${error.message} ${error.hint ?? ''}`).toMatch(/"tset".*testing/s);
  });
});

describe('a template from a command', () => {
  const fill = (name: string): string => `const { Client } = require('pg');
    (async () => { const client = new Client(); await client.connect();
    await client.query("CREATE TABLE people AS SELECT '${name}' AS name"); await client.end(); process.exit(); })();`;

  test('holds what it made, with DATABASE_URL or libpq’s variables; is built again when its inputs change', async () => {
    const cwd = fixture.project({ 'fill.js': fill('Ada') });
    const template = { command: 'node fill.js', inputs: ['fill.js'] };
    const first = await fixture.start({ template }, { cwd });
    expect(await names((await acquireDatabase(first)).url)).toEqual(['Ada']);
    writeFileSync(join(cwd, 'fill.js'), fill('Grace'));
    const second = await fixture.start({ template }, { cwd });
    expect(await names((await acquireDatabase(second)).url)).toEqual(['Grace']);
  });

  test('without inputs it is run for each run', async () => {
    const cwd = fixture.project({ 'fill.js': fill('Ada') });
    const start = async () => fixture.start({ template: { command: 'node fill.js' } }, { cwd });
    expect((await start()).template.name).not.toBe((await start()).template.name);
  });

  test('one that fails is shown with the end of its output, without the password; nothing is left', async () => {
    const cwd = fixture.project({
      'fail.js': `console.log('at', process.env.DATABASE_URL, process.env.PGPASSWORD); process.exit(3);`,
    });
    const error = await failureOf(fixture.start({ template: { command: 'node fail.js' } }, { cwd }));
    expect(error.message).toMatch(/"node fail\.js" ended with exit code 3:\nat … …/);
    expect(error.message).not.toContain(decodeURIComponent(new URL(serverUrl()).password));
    expect(await ownDatabases('building')).toEqual([]);
  });

  test("the error of a driver that it does not catch is shown with its text, which is above the error's fields", async () => {
    const cwd = fixture.project({
      'fail.js': `const { Client } = require('pg');
        (async () => {
          const client = new Client(process.env.DATABASE_URL);
          await client.connect();
          await client.query("SELECT 'x'::int");
        })();`,
    });
    const error = await failureOf(fixture.start({ template: { command: 'node fail.js' } }, { cwd }));
    expect(error.message).toContain('invalid input syntax for type integer: "x"');
  });

  test('without inputs it goes with its run, with inputs it stays', async () => {
    const cwd = fixture.project({ 'schema.sql': '' });
    const template = { setup: setupWith('CREATE TABLE made ()') };
    const once = await fixture.start({ template }, { cwd });
    const kept = await fixture.start({ template: { ...template, inputs: 'schema.sql' } }, { cwd });
    for (const run of [once, kept]) {
      await acquireDatabase(run);
      await fixture.end(run);
    }
    expect(await databaseExists(once.template.name)).toBe(false);
    expect(await databaseExists(kept.template.name)).toBe(true);
  });

  test('is filled again when a variable among its inputs changes, or NODE_ENV', async () => {
    const cwd = fixture.project({
      'fill.js': `const { Client } = require('pg');
        (async () => { const client = new Client(); await client.connect();
        await client.query('CREATE SCHEMA "' + (process.env.TEMPLATE_SCHEMA ?? 'none') + '"'); await client.end(); })();`,
    });
    const template = { command: 'node fill.js', inputs: ['fill.js', 'env:TEMPLATE_SCHEMA'] };
    const schemas = async (): Promise<unknown[]> => {
      const run = await fixture.start({ template }, { cwd });
      const { url } = await acquireDatabase(run);
      const found = await rowsIn(
        url,
        `SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information' ORDER BY 1`,
      );
      return [run.template.name, ...found.map(({ nspname }) => nspname)];
    };
    const { NODE_ENV } = process.env;
    try {
      process.env['TEMPLATE_SCHEMA'] = 'one';
      const first = await schemas();
      expect(first).toEqual([expect.any(String), 'one', 'public']);
      expect(await schemas()).toEqual(first);
      process.env['TEMPLATE_SCHEMA'] = 'two';
      expect(await schemas()).toEqual([expect.any(String), 'public', 'two']);
      process.env['TEMPLATE_SCHEMA'] = '';
      const [empty] = await schemas().catch(() => ['']);
      delete process.env['TEMPLATE_SCHEMA'];
      const unset = await schemas();
      expect(unset).toEqual([expect.not.stringMatching(/^$/), 'none', 'public']);
      expect(unset[0]).not.toBe(empty);
      process.env['NODE_ENV'] = 'another';
      expect((await schemas())[0]).not.toBe(unset[0]);
    } finally {
      delete process.env['TEMPLATE_SCHEMA'];
      process.env['NODE_ENV'] = NODE_ENV;
    }
  });

  test.each(['env:', 'env:A=B', 'env: A'])('%j names no variable', async (inputs) => {
    expect(await failureOf(fixture.start({ template: { command: 'true', inputs } }))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`"${inputs}" names no variable`) as string,
    });
  });

  test('inputs that name no file are refused', async () => {
    const error = await failureOf(fixture.start({ template: { command: 'true', inputs: 'no/*.sql' } }));
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('no/*.sql') as string,
    });
  });
});

test.each([
  [{ knex: true, command: 'true' }, 'testing.template has knex and command.'],
  [{ command: 'true', seed: true }, 'testing.template has seed: true, but no knex.'],
  [{ command: 'true', env: 'test' }, 'testing.template has env, but no knex.'],
])('a contradiction is refused: %j', async (template, message) => {
  const error = await failureOf(fixture.start({ template }));
  expect(error.code).toBe('CONFIG_INVALID');
  expect(error.message).toContain(message);
});

test('sessions that filling a template has left are terminated before it is finished, without any message', async () => {
  const told: string[] = [];
  const run = await fixture.start({
    template: {
      setup: async (url) => {
        const { Client } = await import('pg');
        const client = new Client({ connectionString: url, application_name: 'left by the setup' });
        client.on('error', (error: Error) => told.push(error.message));
        await client.connect();
        await client.query('CREATE TABLE people (name text)');
        await client.query('BEGIN; DROP TABLE people');
      },
    },
  });
  expect(await names((await acquireDatabase(run)).url)).toEqual([]);
  expect(await ask("SELECT FROM pg_stat_activity WHERE application_name = 'left by the setup'")).toEqual([]);
  expect(told).toEqual([]);
});

test('a template without inputs, whose run was killed, goes after two days, and not before', async () => {
  const run = await fixture.start({ template: { setup: setupWith('CREATE TABLE a ()') } });
  const template = quote(run.template.name);
  // What is left of it when nobody uses it any more.
  const [{ comment = '' } = {}] = await ask<{ comment?: string }>(
    `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
    [run.template.name],
  );
  await fixture.end(run);
  await ask(`CREATE DATABASE ${template} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
  for (const [ageInDays, stays] of [
    [1, true],
    [3, false],
  ] as const) {
    const day = new Date(Date.now() - ageInDays * 86_400_000).toISOString().slice(0, 10);
    await ask(`COMMENT ON DATABASE ${template} IS '${comment.replace(/\d{4}-\d\d-\d\d/, day)}'`);
    await fixture.end(await fixture.start());
    expect(await databaseExists(run.template.name)).toBe(stays);
  }
});

test('a template of an old hash goes after a week without use; one in use, and one used lately, stay', async () => {
  const start = async (table: string, cwd: string) => {
    writeFileSync(join(cwd, 'fill.sql'), table);
    return fixture.start(
      { template: { setup: setupWith(`CREATE TABLE "${table}" ()`), inputs: 'fill.sql' } },
      { cwd },
    );
  };
  const cwd = fixture.project({});
  const [old, recent, used] = [await start('old', cwd), await start('recent', cwd), await start('used', cwd)];
  await fixture.end(old);
  await fixture.end(recent);
  for (const { template } of [old, used]) {
    await ask(`COMMENT ON DATABASE ${quote(template.name)} IS '[pg-evict template, last used 2020-01-01]'`);
  }
  await fixture.start();
  expect(await databaseExists(old.template.name)).toBe(false);
  expect(await databaseExists(recent.template.name)).toBe(true);
  expect(await databaseExists(used.template.name)).toBe(true);
});
