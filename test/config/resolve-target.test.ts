import { userInfo } from 'node:os';
import { createProject, type Project } from '../support/config/project.js';

interface Resolved {
  readonly target: { readonly connection: Record<string, unknown>; readonly database?: string };
  readonly connection: {
    readonly settings: Record<string, unknown>;
    readonly source: { description: string };
  };
  readonly sources: Record<string, string>;
  readonly knexfile: string | null;
}

async function resolve(
  project: Project,
  options: object = {},
  env: Record<string, string> = {},
): Promise<Resolved> {
  const [outcome] = await project.evaluate([['resolveTarget', options]], { env });
  if (outcome?.error !== undefined) throw Object.assign(new Error(outcome.error.message), outcome.error);
  return outcome?.value as Resolved;
}

const DATABASE_URL = 'postgres://ambient:pw@ambient.example:6000/ambient';
const configuration = {
  connection: { host: 'config.example', user: 'app', password: 's3cret', database: 'app_dev' },
};
const knexfile = `module.exports = { client: 'pg', connection: { host: 'knex.example', port: '5433', user: 'k', database: 'knex_dev' } }`;

describe('the first that is given names the server', () => {
  test('command line, configuration, knexfile, DATABASE_URL, libpq', async () => {
    const env = { DATABASE_URL, PGHOST: 'libpq.example', PGDATABASE: 'libpq', PGUSER: 'libpq' };
    const all = createProject({
      'pg-evict.config.json': { ...configuration, knexfile: './knexfile.js' },
      'knexfile.js': knexfile,
    });
    expect((await resolve(all, { url: 'postgres://me@flag.example/flag' }, env)).target).toMatchObject({
      connection: { host: 'flag.example', user: 'me' },
      database: 'flag',
    });
    const configured = await resolve(all, {}, env);
    expect(configured.target).toEqual({
      connection: { host: 'config.example', user: 'app', password: 's3cret', database: 'app_dev' },
      database: 'app_dev',
    });
    expect(configured.sources).toEqual({
      host: all.path('pg-evict.config.json'),
      user: all.path('pg-evict.config.json'),
      password: all.path('pg-evict.config.json'),
      database: all.path('pg-evict.config.json'),
      knexfile: all.path('pg-evict.config.json'),
    });

    const byKnexfile = createProject({
      'pg-evict.config.json': { knexfile: './knexfile.js' },
      'knexfile.js': knexfile,
    });
    const knex = await resolve(byKnexfile, {}, env);
    expect(knex.target).toMatchObject({
      connection: { host: 'knex.example', port: 5433, user: 'k' },
      database: 'knex_dev',
    });
    expect(knex.sources).toMatchObject({ host: `${byKnexfile.path('knexfile.js')}, development` });
    expect(knex.connection.source.description).toBe(`${byKnexfile.path('knexfile.js')}, development`);

    const nothing = createProject({});
    expect((await resolve(nothing, {}, env)).target).toMatchObject({
      connection: { host: 'ambient.example' },
    });
    const { DATABASE_URL: _, ...libpq } = env;
    const last = await resolve(nothing, {}, libpq);
    expect(last.target).toMatchObject({ connection: { host: 'libpq.example' }, database: 'libpq' });
    expect(last.sources).toMatchObject({ host: 'PGHOST', user: 'PGUSER', database: 'PGDATABASE' });
  });

  test('a knexfile that is not named anywhere is not used: DATABASE_URL is', async () => {
    const project = createProject({ 'knexfile.js': knexfile });
    const { target, knexfile: found } = await resolve(project, {}, { DATABASE_URL });
    expect(target).toMatchObject({ connection: { host: 'ambient.example' } });
    expect(found).toBeNull();
  });

  test('a command about knex searches for it, and then it goes before DATABASE_URL', async () => {
    const project = createProject({ 'knexfile.js': knexfile, 'src/file': '' });
    const { target, knexfile: found } = await resolve(
      project,
      { knexfile: true, cwd: 'src' },
      { DATABASE_URL },
    );
    expect(target).toMatchObject({ connection: { host: 'knex.example' } });
    expect(found).toBe(project.path('knexfile.js'));
  });

  test('a knexfile on the command line overrides the connection of the configuration', async () => {
    const project = createProject({ 'pg-evict.config.json': configuration, 'other.js': knexfile });
    const { target } = await resolve(project, { knexfile: 'other.js' });
    expect(target).toMatchObject({ connection: { host: 'knex.example' } });
  });

  test('a connection that is undefined or empty, as from an unset variable, does not count', async () => {
    for (const value of ['undefined', `''`, `() => ''`]) {
      const project = createProject({ 'pg-evict.config.cjs': `module.exports = { connection: ${value} }` });
      const { target } = await resolve(project, {}, { DATABASE_URL });
      expect(target).toMatchObject({ connection: { host: 'ambient.example' } });
    }
  });

  test('libpq fills in what the configuration leaves open', async () => {
    const project = createProject({ 'pg-evict.config.json': { connection: { host: 'config.example' } } });
    const { target, sources } = await resolve(
      project,
      { database: 'x' },
      { PGPORT: '6001', PGUSER: 'me', DATABASE_URL },
    );
    expect(target).toMatchObject({
      connection: { host: 'config.example', port: 6001, user: 'me' },
      database: 'x',
    });
    expect(sources).toMatchObject({ port: 'PGPORT', database: 'the command line' });
  });
});

describe('a password goes only to the server and role it was written down with', () => {
  test.each([
    ['host', { host: 'other.example' }],
    ['port', { port: 6432 }],
  ])('a %s on the command line sets connection and admin aside', async (_what, given) => {
    const project = createProject({
      'pg-evict.config.json': { ...configuration, admin: { user: 'postgres', password: 'adm1n' } },
    });
    const { target } = await resolve(project, { ...given, database: 'x' });
    expect(target.connection).toEqual({ ...given, user: userInfo().username });
  });

  test('a user on the command line keeps the server, without password and admin', async () => {
    const project = createProject({
      'pg-evict.config.json': { ...configuration, admin: { user: 'postgres', password: 'adm1n' } },
    });
    const { target } = await resolve(project, { user: 'me' });
    expect(target.connection).toEqual({ host: 'config.example', user: 'me', database: 'app_dev' });
  });

  test('the target has the admin role; the connection stays that of the application', async () => {
    const withPassword = createProject({
      'pg-evict.config.json': { ...configuration, admin: { user: 'postgres', password: 'adm1n' } },
    });
    const first = await resolve(withPassword);
    expect(first.target.connection).toMatchObject({
      host: 'config.example',
      user: 'postgres',
      password: 'adm1n',
    });
    expect(first.connection.settings).toMatchObject({ user: 'app', password: 's3cret' });
    expect(first.sources).toMatchObject({ admin: withPassword.path('pg-evict.config.json') });

    const without = createProject({
      'pg-evict.config.json': { ...configuration, admin: { user: 'postgres' } },
    });
    expect((await resolve(without)).target.connection).not.toHaveProperty('password');
  });
});

test('a connection function is called, and what it returns is checked', async () => {
  const good = createProject({
    'pg-evict.config.cjs': `module.exports = { connection: async () => ({ host: 'fn.example', port: '7', database: 'x' }) }`,
  });
  expect((await resolve(good)).target.connection).toMatchObject({ host: 'fn.example', port: 7 });
  const bad = createProject({
    'pg-evict.config.cjs': `module.exports = { connection: () => ({ hots: 's3cret' }) }`,
  });
  await expect(resolve(bad)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: `${bad.path('pg-evict.config.cjs')}: "connection.hots" is not a setting (did you mean "host"?).`,
  });
  const throwing = createProject({
    'pg-evict.config.cjs': `module.exports = { connection: () => { throw new Error('s3cret') } }`,
  });
  await expect(resolve(throwing)).rejects.toMatchObject({
    message: `${throwing.path('pg-evict.config.cjs')}: the function "connection" failed. Its error is not shown, because it may contain a password: log it there.`,
  });
});

test('a service in the URL of a configuration is looked up', async () => {
  const project = createProject({
    'pg-evict.config.json': { connection: 'postgres://?service=mine' },
    '.pg_service.conf': '[mine]\nhost=service.example\ndbname=svc\n',
  });
  expect((await resolve(project)).target).toMatchObject({
    connection: { host: 'service.example' },
    database: 'svc',
  });
});

test('protection, sessions and the maintenance database come along; the command line names another one', async () => {
  const project = createProject({
    'pg-evict.config.json': {
      ...configuration,
      maintenanceDatabase: 'admin',
      protect: ['prod*', { host: '*.example.com' }],
      sessions: { graceMs: '5s' },
    },
  });
  expect(await resolve(project)).toMatchObject({
    target: { maintenanceDatabase: 'admin', protect: ['prod*', { host: '*.example.com' }] },
    sessions: { graceMs: 5000 },
    sources: { maintenanceDatabase: project.path('pg-evict.config.json') },
  });
  const { target, sources } = await resolve(project, { maintenanceDatabase: 'other' });
  expect(target).toMatchObject({ maintenanceDatabase: 'other' });
  expect(sources).toMatchObject({ maintenanceDatabase: '--maintenance-db' });
});

describe('a knexfile is read as knex reads it', () => {
  const connection = `{ connectionString: 'postgres://k:pw@knex.example/knex_' }`;
  test.each([
    ['knexfile.js', `module.exports = { client: 'pg', connection: ${connection} }`],
    ['knexfile.cjs', `module.exports = { test: { client: 'pg', connection: ${connection} } }`],
    [
      'knexfile.mjs',
      `export default async () => ({ client: 'pg', connection: async () => (${connection}) })`,
    ],
    [
      'knexfile.ts',
      `const config: object = { test: { client: 'postgresql', connection: ${connection} } }; export default config`,
    ],
    [
      'knexfile.mts',
      `export default { client: 'pg', connection: (${connection}).connectionString satisfies string }`,
    ],
    ['knexfile.cts', `export = { client: class { declare x: string }, connection: ${connection} }`],
    [
      'knexfile.js',
      `module.exports = () => ({ client: 'pg', pool: {}, searchPath: ['a'], connection: { ...${connection}, keepAlive: true, expirationChecker() {} } })`,
    ],
    [
      'knexfile.js',
      `require('node:fs').readFileSync('.env'); module.exports = { client: 'pg', connection: ${connection} }`,
    ],
  ])('%s: %s', async (name, text) => {
    const project = createProject({ [name]: text, '.env': '', 'src/file': '' });
    const { target } = await resolve(project, { knexfile: true, env: 'test', cwd: 'src' });
    expect(target).toMatchObject({
      connection: { host: 'knex.example', user: 'k', password: 'pw' },
      database: 'knex_',
    });
    expect(project.newFiles()).toEqual([]);
  });

  test.each([
    [
      `module.exports = { test: { client: 'mysql2', connection: {} } }`,
      'the client of "test" is "mysql2", not PostgreSQL',
    ],
    [`module.exports = { client: 'pg' }`, /there is no connection\..*DATABASE_URL/],
    [
      `module.exports = { development: { client: 'pg' }, tset: { client: 'pg' } }`,
      'has no environment "test". Did you mean "tset"? It has "development", "tset"; choose with --env or NODE_ENV, for the template of tests with testing.template.env.',
    ],
    [`module.exports = 5`, 'exports no configuration for "test"'],
    [`throw new Error('boom')`, 'cannot be loaded: boom'],
    [`module.exports = async () => { throw new Error('boom') }`, 'cannot be loaded: boom'],
  ])('%s is refused: %s', async (text, message) => {
    const project = createProject({ 'knexfile.js': text });
    await expect(resolve(project, { knexfile: true, env: 'test' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(project.path('knexfile.js')),
    });
    await expect(resolve(project, { knexfile: true, env: 'test' })).rejects.toThrow(message);
  });

  test('several at once each have their own folder as the working directory, and it is put back', async () => {
    const text = `module.exports = async () => {
      const read = () => require('node:fs').readFileSync('name', 'utf8');
      for (let turn = 0; turn < 10; turn += 1) await new Promise((done) => setImmediate(done, read()));
      return { client: 'pg', connection: async () => ({ database: read() }) };
    }`;
    const names = ['a', 'b', 'c', 'd'];
    const files = names.flatMap((name) => [
      [`${name}/knexfile.js`, text],
      [`${name}/name`, name],
    ]);
    const project = createProject(Object.fromEntries(files) as Record<string, string>);
    const outcomes = await project.evaluate(
      names.map((name) => ['resolveTarget', { knexfile: `${name}/knexfile.js` }]),
      { env: { AT_ONCE: '1' } },
    );
    expect(outcomes).toMatchObject(names.map((database) => ({ value: { target: { database } } })));
  });

  test('one may have another one loaded', async () => {
    const project = createProject({
      'knexfile.js': `module.exports = async () => require('@pg-evict/config').loadKnexfile(
        require('node:path').resolve('db/knexfile.js'), 'test')`,
      'db/knexfile.js': `module.exports = { client: 'pg', connection: { database: 'other' } }`,
    });
    const { target } = await resolve(project, { knexfile: true }, { COMMONJS: '1' });
    expect(target).toMatchObject({ database: 'other' });
  });

  test('one that is named and missing is reported', async () => {
    const project = createProject({ 'pg-evict.config.json': { knexfile: './db/knexfile.js' } });
    await expect(resolve(project)).rejects.toThrow(`${project.path('db/knexfile.js')} does not exist`);
  });
});
