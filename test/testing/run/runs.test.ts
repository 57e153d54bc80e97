import { chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  acquireDatabase,
  endRun,
  planDatabase,
  releaseDatabase,
  resetDatabase,
  startRun,
  sweepTestDatabases,
  type RunInvitation,
} from '@pg-evict/testing';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import {
  ask,
  databaseExists,
  quote,
  serverUrl,
  uniqueName,
  until,
  withClient,
} from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { failureOf } from '../../support/core/failure.js';
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
useOwnServer({ unix_socket_directories: tmpdir() });

test.each<[string, { password?: string }, string, RegExp]>([
  [
    'a wrong password',
    { password: 'wrong' },
    '',
    /as "postgres": .*authentication failed.*Check user and password/,
  ],
  ['no server', {}, '1', /:1 cannot be connected to.*Check host, port .* server is up/],
])('a run that cannot begin because of %s says where to look', async (_what, login, port, message) => {
  const url = new URL(serverUrl({ database: 'postgres', ...login }));
  if (port !== '') url.port = port;
  const error = await failureOf(fixture.start({}, { url: url.href }));
  expect(error).toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringMatching(message) as string,
  });
});

test.each([
  ['', 'The connection is from DATABASE_URL.'],
  [
    "admin: { user: 'postgres', password: 'wrong' },",
    /^The connection is from DATABASE_URL, with the role of "admin" in .*pg-evict\.config\.cjs\.$/,
  ],
])('a run that cannot begin says where its connection is from (%s)', async (admin, origin) => {
  const folder = fixture.project({ 'pg-evict.config.cjs': `module.exports = { ${admin} }` });
  process.env['DATABASE_URL'] = serverUrl({ database: 'x', ...(admin === '' ? { password: 'wrong' } : {}) });
  const error = await failureOf(startRun({ cwd: folder }));
  delete process.env['DATABASE_URL'];
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED' });
  expect(error.hint?.slice(error.hint.indexOf('The connection'))).toMatch(origin);
});

const template = {
  setup: setupWith(`CREATE TABLE seeded AS SELECT 1 AS a; CREATE TABLE empty (a serial, b int)`),
};

test('behind a Unix socket a test gets a URL that leads there, and that URL() reads', async () => {
  const { username, password, port } = new URL(serverUrl());
  const server = `postgresql://${username}:${password}@${encodeURIComponent(tmpdir())}:${port}`;
  const run = await fixture.start({ template }, { url: `${server}/postgres` });
  const database = await acquireDatabase(run);
  expect(new URL(database.url).pathname).toBe(`/${database.name}`);
  expect(database.environment).toMatchObject({ PGHOST: tmpdir(), PGPORT: port });
  expect(
    await rowsIn(
      database.url,
      'SELECT current_database() AS name, inet_server_port() AS port, a FROM seeded',
    ),
  ).toEqual([{ name: database.name, port: null, a: 1 }]);
});

test('empty variables count as unset where nothing else names the server', async () => {
  const { server, ...run } = (await fixture.start({ template })).toJSON();
  const { password } = server.connection;
  const before = { ...process.env };
  Object.assign(process.env, { PGHOST: '', PGPORT: '', PGUSER: '' });
  try {
    const { name, environment } = planDatabase({ ...run, server: { ...server, connection: { password } } });
    expect(environment).toEqual({
      DATABASE_URL: `postgresql://localhost:5432/${name}`,
      PGHOST: 'localhost',
      PGPORT: '5432',
      PGPASSWORD: password,
      PGDATABASE: name,
    });
  } finally {
    process.env = before;
  }
});

test('a test gets a private copy of the template, and the variables that lead to it', async () => {
  const run = await fixture.start({ template });
  const database = await acquireDatabase(run);
  expect(database.name).toMatch(new RegExp(`^pg_evict_test_${run.id}_${process.pid}_0_[0-9a-f]{6}$`));
  expect(await rowsIn(database.url, 'SELECT current_database() AS name, a FROM seeded')).toEqual([
    { name: database.name, a: 1 },
  ]);
  const server = new URL(serverUrl());
  expect(database.environment).toEqual({
    DATABASE_URL: database.url,
    PGHOST: server.hostname,
    PGPORT: server.port,
    PGUSER: decodeURIComponent(server.username),
    PGPASSWORD: decodeURIComponent(server.password),
    PGDATABASE: database.name,
  });
  await fixture.end(run);
  expect(await ownDatabases(run.id)).toEqual([]);
});

test('the configured database is not touched, and need not exist', async () => {
  const configured = await scratch.database();
  const run = await fixture.start({ template }, { url: serverUrl({ database: configured }) });
  const database = await acquireDatabase(run);
  await resetDatabase(database);
  await fixture.end(run);
  expect(await rowsIn(serverUrl({ database: configured }), 'SELECT content FROM marker')).toEqual([
    { content: 'old' },
  ]);
  await fixture.end(await fixture.start({ template }, { url: serverUrl({ database: uniqueName('no') }) }));
});

test('processes of a run get databases of their own; each ends by itself, and nothing is left', async () => {
  const run = await fixture.start({ template });
  const invitation = JSON.parse(JSON.stringify(run)) as RunInvitation;
  const processes = Array.from({ length: 3 }, () => new RunProcess({ invitation }));
  const databases = await Promise.all(
    processes.map(async (process) => {
      expect(await process.tell('begin')).toMatchObject({ id: run.id, template: run.template.name });
      return process.tell('acquire');
    }),
  );
  expect(new Set(databases.map(({ name }) => name)).size).toBe(3);
  expect(await ownDatabases(run.id)).toHaveLength(3);
  const [first, second, third] = processes as [RunProcess, RunProcess, RunProcess];
  await first.tell('end');
  expect(await first.ended()).toBe(0);
  // One is killed, as a worker may be, and one still works when the run ends.
  await second.kill();
  const killed = databases[1]?.name ?? '';
  await until(
    async () => (await ask(`SELECT FROM pg_stat_activity WHERE datname = $1`, [killed])).length === 0,
    'the sessions of the one that was killed are gone',
  );
  await fixture.end(run);
  expect(await ownDatabases(run.id)).toEqual([databases[2]?.name]);
  await third.tell('end');
  expect(await third.ended()).toBe(0);
  expect(await ownDatabases(run.id)).toEqual([]);
});

test('ending a run by force drops the databases of its processes, prevents new ones, and touches no other run', async () => {
  const [run, other] = [await fixture.start({ template }), await fixture.start({ template })];
  const database = await acquireDatabase(other);
  const worker = new RunProcess({ invitation: JSON.parse(JSON.stringify(run)) as RunInvitation });
  await worker.tell('begin');
  const { name } = await worker.tell('acquire');
  await withClient(serverUrl(), async (client) => {
    await client.query(`BEGIN; ALTER DATABASE ${quote(name)} CONNECTION LIMIT 5`);
    const ending = endRun(run, { force: true });
    await until(
      async () => (await ask(`SELECT FROM pg_locks WHERE NOT granted`)).length > 0,
      'it is about to drop it',
    );
    await expect(worker.tell('acquire')).rejects.toMatchObject({ code: 'REFUSED' });
    await client.query('ROLLBACK');
    await ending;
  });
  expect(await ownDatabases(run.id)).toEqual([]);
  expect(await resetDatabase(database)).toMatchObject({ how: 'unchanged' });
  await fixture.end(other);
});

test('the database of a failed file is kept under a name of its own, with its content', async () => {
  const run = await fixture.start({ template });
  const database = await acquireDatabase(run);
  await rowsIn(database.url, 'INSERT INTO empty (b) VALUES (7)');
  const kept = await releaseDatabase(database, { keep: true });
  await fixture.end(run);
  scratch.forget(kept?.name ?? '');
  expect(kept?.name).toMatch(/^pg_evict_kept_/);
  expect(await databaseExists(database.name)).toBe(false);
  expect(await rowsIn(kept?.url ?? '', 'SELECT b FROM empty')).toEqual([{ b: 7 }]);
});

test('waiting for a locked database has a limit; then the error names the session that locked it', async () => {
  const run = await fixture.start({ template });
  const database = await acquireDatabase(run);
  await withClient(serverUrl(), async (client) => {
    await client.query(`BEGIN; ALTER DATABASE ${quote(database.name)} CONNECTION LIMIT 5`);
    const error = await failureOf(releaseDatabase(database, { timeoutMs: 1500 }));
    expect(error).toMatchObject({ code: 'BLOCKED', database: database.name });
    expect(error.message).toMatch(/holds a lock.*ALTER DATABASE/s);
    expect(await databaseExists(database.name)).toBe(true);
  });
  await fixture.end(run);
  expect(await ownDatabases(run.id)).toEqual([]);
});

test('a role that may not create databases gets an error that says so', async () => {
  const role = await scratch.role();
  const error = await failureOf(fixture.start({}, { url: serverUrl({ user: role, password: role }) }));
  expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(error.message).toMatch(/^No test database was created: /);
  expect(error.hint).toBe(`ALTER ROLE "${role}" CREATEDB;`);
});

test('a role that may no longer create databases gets an error that says so, although the template exists', async () => {
  const role = await scratch.role('CREATEDB');
  const url = serverUrl({ user: role, password: role });
  await fixture.end(await fixture.start({ template: { ...template, inputs: __filename } }, { url }));
  await ask(`ALTER ROLE "${role}" NOCREATEDB`);
  const error = await failureOf(fixture.start({ template: { ...template, inputs: __filename } }, { url }));
  expect(error).toMatchObject({ code: 'PERMISSION_DENIED', hint: `ALTER ROLE "${role}" CREATEDB;` });
  await ask(`ALTER ROLE "${role}" CREATEDB`);
  await sweepTestDatabases({ connection: url }, { templates: true });
});

test('with an admin role in the configuration tests have the role of the application, which owns what it gets', async () => {
  const role = await scratch.role();
  const admin = new URL(serverUrl());
  const cwd = fixture.project({
    'pg-evict.config.js': `module.exports = { connection: ${JSON.stringify(serverUrl({ user: role, password: role, database: 'app' }))},
      admin: { user: ${JSON.stringify(decodeURIComponent(admin.username))}, password: ${JSON.stringify(decodeURIComponent(admin.password))} } };`,
  });
  const run = await fixture.start({ template }, { cwd, url: undefined });
  const database = await acquireDatabase(run);
  expect(database.environment).toMatchObject({ PGUSER: role, PGPASSWORD: role });
  expect(
    await rowsIn(
      database.url,
      `SELECT current_user AS "user", pg_get_userbyid(datdba) AS owner, pg_get_userbyid(relowner) AS "ownerOfTable"
       FROM pg_database, pg_class WHERE datname = current_database() AND relname = 'seeded'`,
    ),
  ).toEqual([{ user: role, owner: role, ownerOfTable: role }]);
  await rowsIn(database.url, 'UPDATE seeded SET a = 2; CREATE TABLE made ()');
  expect(await resetDatabase(database)).toMatchObject({ how: 'clone' });
  await rowsIn(database.url, 'UPDATE seeded SET a = 2');
  expect(await resetDatabase(database)).toMatchObject({ how: 'rows' });
  expect(await rowsIn(database.url, 'SELECT a FROM seeded')).toEqual([{ a: 1 }]);
  const invitation = JSON.parse(JSON.stringify(run)) as RunInvitation;
  const other = new RunProcess({ invitation });
  await other.tell('begin');
  expect((await other.tell('acquire')).url).toContain(`//${role}:${role}@`);
  await other.tell('end');
  await fixture.end(run);
});

test('a role whose password is in .pgpass only gets it into the URL of its tests', async () => {
  const role = await scratch.role('CREATEDB');
  const url = new URL(serverUrl({ user: role }));
  url.password = '';
  const cwd = fixture.project({ '.pgpass': `${url.hostname}:${url.port}:postgres:${role}:${role}\n` });
  chmodSync(join(cwd, '.pgpass'), 0o600);
  process.env['PGPASSFILE'] = join(cwd, '.pgpass');
  try {
    const run = await fixture.start({ template }, { cwd, url: url.href });
    const database = await acquireDatabase(run);
    expect(await rowsIn(database.url, 'SELECT current_user AS "user"')).toEqual([{ user: role }]);
    expect(database.environment).toMatchObject({ PGPASSWORD: role });
    await fixture.end(run);
  } finally {
    delete process.env['PGPASSFILE'];
  }
});

test('tests refuse a protected server', async () => {
  const configured = await scratch.database();
  await ask(`COMMENT ON DATABASE "${configured}" IS 'x [pg-evict: protected: ask ops]'`);
  const url = serverUrl({ database: configured });
  expect(await failureOf(fixture.start({ template }, { url }))).toMatchObject({
    code: 'PROTECTED',
    message: expect.stringContaining('ask ops') as string,
  });
  const config = { connection: url, protect: [{ host: '127.0.0.*' }] };
  for (const protect of [config.protect, [`${configured.slice(0, 6)}*`]]) {
    const cwd = fixture.project({ 'pg-evict.config.json': JSON.stringify({ ...config, protect }) });
    expect(await failureOf(fixture.start({ template }, { cwd, url: undefined }))).toMatchObject({
      code: 'PROTECTED',
    });
  }
  expect(await ownDatabases('building')).toEqual([]);
});

describe("isolation: 'run'", () => {
  test('one database of a fixed name is recreated from the template; its sessions are terminated', async () => {
    const database = await scratch.database(uniqueName('app_test'));
    const run = await fixture.start({ template, isolation: 'run', database });
    expect(await rowsIn(serverUrl({ database }), 'SELECT a FROM seeded')).toEqual([{ a: 1 }]);
    expect(await rowsIn(serverUrl({ database }), `SELECT to_regclass('marker') AS marker`)).toEqual([
      { marker: null },
    ]);
    await fixture.end(run);
    expect(await databaseExists(database)).toBe(true);
  });

  test('a run waits until another that uses the database has ended, and names it', async () => {
    const database = scratch.forget(uniqueName('app_test'));
    const first = await fixture.start({ template, isolation: 'run', database });
    const session = await openSession(serverUrl({ database }));
    const cwd = fixture.project({ 'pg-evict.config.json': '{ "sessions": { "timeoutMs": "2s" } }' });
    const error = await failureOf(fixture.start({ template, isolation: 'run', database }, { cwd }));
    expect(error).toMatchObject({ code: 'BLOCKED' });
    expect(error.message).toMatch(/process \d+ of postgres .*: a run of tests uses database "app_test/);
    expect(await rowsIn(serverUrl({ database }), 'SELECT a FROM seeded')).toEqual([{ a: 1 }]);
    const second = fixture.start({ template, isolation: 'run', database });
    await session.close();
    await fixture.end(first);
    await fixture.end(await second);
  });

  test('the URL of one with an odd name leads there, and to no other', async () => {
    const start = async (name: string) => {
      const database = uniqueName(name);
      const run = await fixture.start({ template, isolation: 'run', database });
      const { url } = planDatabase(run);
      return { database, run, url };
    };
    const odd = await start('app_test 100%41 "é" & a/b:c+d');
    expect(await rowsIn(odd.url, 'SELECT current_database() AS name')).toEqual([{ name: odd.database }]);
    // node-postgres does not decode these; all that it must not do is stop at them.
    const parted = await start('app_test#1?');
    expect(decodeURIComponent(new URL(parted.url).pathname)).toBe(`/${parted.database}`);
    for (const { run, database } of [odd, parted]) {
      await fixture.end(run);
      await ask(`DROP DATABASE ${quote(database)}`);
    }
  });

  test.each(['app', 'contest', 'attestation', 'latest_app', 'testament'])(
    'a name that does not say so, such as %s, is refused',
    async (name) => {
      const error = await failureOf(fixture.start({ isolation: 'run', database: name }));
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', database: name });
    },
  );

  test.each(['app_test', 'test', 'Test-App', 'appTest', 'app_tests', 'app_test2', 'TEST_APP'])(
    '%s says so',
    async (word) => {
      const database = scratch.forget(`${word}_${uniqueName('x').slice(0, 6)}`);
      await fixture.end(await fixture.start({ isolation: 'run', database }));
      expect(await databaseExists(database)).toBe(true);
    },
  );

  test('a database must be named', async () => {
    expect(await failureOf(fixture.start({ isolation: 'run' }))).toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

test('without a configured connection an embedded server is started, and gone with the run', async () => {
  const folder = fixture.project({});
  const begun = new RunProcess({ options: { cwd: folder, processEnv: {} } });
  const { invitation } = await begun.tell('begin');
  expect(invitation.server.kind).toBe('embedded');
  const joined = new RunProcess({ invitation });
  await joined.tell('begin');
  const { url } = await joined.tell('acquire');
  expect(await rowsIn(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await joined.tell('end');
  await begun.tell('end');
  expect([await joined.ended(), await begun.ended()]).toEqual([0, 0]);
  await expect(rowsIn(url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
});

test('if the server to start is not installed, the error says so, and how to use another', async () => {
  const server = { kind: 'embedded', version: 14 } as const;
  const error = await failureOf(fixture.start({ server }, { url: undefined }));
  expect(error).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(
      /to use an existing one, set DATABASE_URL .*: PostgreSQL 14 is not installed: .* npm install .*@14\..*$/,
    ) as unknown,
  });
});
