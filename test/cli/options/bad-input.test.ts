import { createServer } from 'node:net';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, runCliJson, type CliResult } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const secret = 'hunter2-s3cret';

/** What is wrong with how a failure was told: it must be clear, on stderr alone, without stack trace and password. */
function problems(result: CliResult, code: number, message: RegExp): string[] {
  const { stderr } = result;
  return [
    ...(result.code === code ? [] : [`exit code ${result.code} instead of ${code}`]),
    ...(result.stdout === '' ? [] : [`on stdout: ${result.stdout}`]),
    ...(message.test(stderr) && stderr.startsWith('error: ') ? [] : [`message: ${stderr}`]),
    ...(/\n\s+at |node:internal|\.js:\d/.test(stderr) ? [`stack trace: ${stderr}`] : []),
    ...(showsSecret(result) ? ['the password is shown'] : []),
  ];
}

function showsSecret({ stdout, stderr }: CliResult): boolean {
  return (stdout + stderr).includes(secret);
}

/** A port nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

test('an owner that does not exist exits with 2 and is named, and the database stays', async () => {
  const database = await scratch.database();
  const owner = uniqueName('nobody');
  const result = await runCli(['recreate', '--owner', owner, '-y'], {
    DATABASE_URL: serverUrl({ database }),
  });
  expect(problems(result, 2, new RegExp(`there is no role "${owner}"[^]*CREATE ROLE "${owner}";`))).toEqual(
    [],
  );
  expect(await databaseExists(database)).toBe(true);
});

describe('the connection', () => {
  test('a wrong password exits with 6 and says where the connection came from', async () => {
    const url = serverUrl({ password: secret });
    for (const [args, env, source] of [
      [['drop', 'x', '-y'], { DATABASE_URL: url }, 'DATABASE_URL'],
      [['sessions', 'x', '--url', url], {}, '--url'],
    ] as const) {
      const result = await runCli(args, env);
      expect(problems(result, 6, /password authentication failed/)).toEqual([]);
      expect(result.stderr).toContain(`the connection is from ${source}`);
    }
  });

  test('a pooler that cannot be used does not get the origin of another connection', async () => {
    const database = await scratch.database();
    // The server itself answers there, and rejects the login.
    const pooler = ['--pooler', serverUrl({ user: 'nobody', password: secret, database: 'pgbouncer' })];
    const result = await runCli(['drop', database, '-y', ...pooler], {
      DATABASE_URL: serverUrl({ database }),
    });
    expect(problems(result, 6, /The pooler .* cannot be used/)).toEqual([]);
    expect(result.stderr).not.toContain('the connection is from');
    expect(await databaseExists(database)).toBe(true);
  });

  test('a missing password exits with 6', async () => {
    const { hostname, port } = new URL(serverUrl());
    const result = await runCli(['sessions', 'x', '-h', hostname, '-p', port, '-U', 'postgres']);
    expect(problems(result, 6, /no password was given/)).toEqual([]);
  });

  test('an unreachable host exits with 6', async () => {
    const port = await closedPort();
    const url = `postgres://me:${secret}@127.0.0.1:${port}/x`;
    expect(problems(await runCli(['recreate', '-y', '-d', url]), 6, /ECONNREFUSED/)).toEqual([]);
    const json = await runCliJson(['recreate', '-y', '-d', url]);
    expect(json).toMatchObject({ code: 6, stderr: '', document: { error: { code: 'CONNECTION_FAILED' } } });
    expect(showsSecret(json)).toBe(false);
    expect(
      problems(await runCli(['sessions', 'x', '-h', 'no-such-host.invalid']), 6, /no-such-host\.invalid/),
    ).toEqual([]);
  });

  test('a server that accepts and says nothing exits with 8 after --timeout', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const result = await runCli([
      'sessions',
      'x',
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '--timeout',
      '300ms',
    ]);
    expect(problems(result, 8, /300 ms/)).toEqual([]);
    server.close();
  });

  test.each([
    ['not a URL', 'app_dev', /takes a postgres:\/\/ URL here/],
    ['a libpq connection string', `host=x password=${secret}`, /takes a postgres:\/\/ URL here/],
    ['another protocol', `mysql://me:${secret}@localhost/x`, /does not begin with postgres:\/\//],
    ['a bad port', `postgres://me:${secret}@localhost:70000/x`, /URL/],
    ['unreadable', `postgres://me:${secret}@[::1/x`, /URL cannot be read/],
    ['encoded by nobody', `postgres://me:${secret}@localhost/%zz`, /URL cannot be read/],
    ['not encoded, with / and # in the password', `postgres://me:a@${secret}/b#c@localhost/x`, /%23/],
    ['not encoded, with / in the password', `postgres://me:12/${secret}@localhost/x`, /%2F/],
    ['not encoded, with ? in the password', `postgres://me:12?${secret}@localhost/x`, /%3F/],
    ['not encoded, with # in the name', `postgres://localhost/x#1`, /%23/],
    ['empty', '', /URL/],
  ])('a URL that is %s exits with 2', async (_what, url, message) => {
    expect(problems(await runCli(['drop', '-y', '--url', url]), 2, message)).toEqual([]);
    expect((await runCliJson(['drop', '-y', '--url', url])).document).toMatchObject({
      error: { code: 'CONFIG_INVALID' },
    });
  });

  test('a bad DATABASE_URL is named as such', async () => {
    const result = await runCli(['sessions'], { DATABASE_URL: `me:${secret}@localhost` });
    expect(problems(result, 2, /DATABASE_URL: /)).toEqual([]);
  });

  test('a URL where the name of the database belongs is refused, and not repeated', async () => {
    const url = `postgres://me:${secret}@localhost/x`;
    expect(problems(await runCli(['drop', url, '-y']), 2, /given as a URL.*\n.*--url/)).toEqual([]);
    expect(problems(await runCli(['rename', 'x', url]), 2, /given as a URL/)).toEqual([]);
    expect(problems(await runCli([url]), 2, /unknown command/)).toEqual([]);
  });

  test.each([
    ['--template', 7, ['create', 'x', '--template']],
    ['--confirm', 3, ['drop', 'x', '--confirm']],
    ['--config', 2, ['sessions', 'x', '--config']],
    ['--knexfile', 2, ['fresh', 'x', '-y', '--knexfile']],
  ])('a URL given to %s is repeated without its password', async (_option, code, args) => {
    const url = `postgres://me:${secret}@localhost/x`;
    const env = { DATABASE_URL: serverUrl() };
    expect(problems(await runCli([...args, url], env), code, /\/me:\*\*\*@localhost\/x/)).toEqual([]);
    const json = await runCliJson([...args, url], env);
    expect(json.code).toBe(code);
    expect(showsSecret(json)).toBe(false);
  });

  test('--url and a flag that contradicts it exit with 2', async () => {
    const result = await runCli([
      'drop',
      '-y',
      '-d',
      `postgres://me:${secret}@localhost/x`,
      '-h',
      'elsewhere',
    ]);
    expect(problems(result, 2, /"host" twice, in the URL and beside it, with different values\./)).toEqual(
      [],
    );
  });

  test('a URL with a query string works: its parameters reach the server, the database is the path', async () => {
    const database = await scratch.database();
    const url = `${serverUrl({ database })}?application_name=from%20the%20url&options=-c%20search_path%3Dpublic`;
    const { code, document } = await runCliJson(['sessions', '-d', url]);
    expect({ code, document }).toEqual({ code: 0, document: { database, sessions: [], protection: null } });
    expect((await runCli(['drop', '-y', '-d', url])).code).toBe(0);
    expect(await databaseExists(database)).toBe(false);
  });

  test('percent-encoded names and passwords work, and no message prints the passwords', async () => {
    const database = await scratch.database(uniqueName('a b%20é"'));
    const role = await scratch.role('CREATEDB');
    const password = `${secret} p@ss:/?#[]%&'"\\é`;
    await ask(`ALTER ROLE ${quote(role)} PASSWORD '${password.replaceAll("'", "''")}'`);
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(role)}`);
    const url = serverUrl({ database, user: role, password });
    const result = await runCli(['recreate', '-y'], { DATABASE_URL: url });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(showsSecret(result)).toBe(false);
  });

  test('a database argument overrides the one in the URL', async () => {
    const [inUrl, named] = [await scratch.database(), await scratch.database()];
    expect((await runCli(['drop', named, '-y', '-d', serverUrl({ database: inUrl })])).code).toBe(0);
    expect([await databaseExists(inUrl), await databaseExists(named)]).toEqual([true, false]);
  });

  test('no database anywhere exits with 2', async () => {
    const { hostname, port, password } = new URL(serverUrl());
    const env = { PGHOST: hostname, PGPORT: port, PGUSER: 'postgres', PGPASSWORD: password };
    expect(
      problems(
        await runCli(['drop', '-y'], env),
        2,
        /No database is named.*\nhint: .*DATABASE_URL.*PGDATABASE/,
      ),
    ).toEqual([]);
  });
});

describe('the command line', () => {
  test.each([
    [['drpo', 'x'], /unknown command 'drpo'[^]*Did you mean drop\?/],
    [['drop', 'x', '--if-exist'], /unknown option '--if-exist'[^]*Did you mean --if-exists\?/],
    [['drop', 'x', '--timeuot', '3s'], /Did you mean --timeout\?/],
    [['recreate', 'x', '--missing'], /Run pg-evict help recreate for usage/],
    [['nonsense', 'recreate'], /Run pg-evict --help for usage/],
    [['drop', 'x', `--password=${secret}`], /unknown option '--password=…'/],
    [['drop', 'x', 'y'], /too many arguments/],
    [['rename'], /the new name is missing/],
    [['rename', 'a', 'b', 'c'], /too many arguments/],
    [['drop', 'x', '--timeout', 'soon'], /500ms, 30s, 2m or 1h/],
    [['drop', 'x', '--timeout', '0'], /500ms, 30s, 2m or 1h/],
    [['drop', 'x', '-p', '0'], /1 to 65535/],
    [['terminate', 'x', '--state', 'active,idle-in-transaction'], /states are .*"idle in transaction"/],
    [['drop', 'x', '-h'], /argument missing/],
    [['drop', '-y', ''], /name is empty/],
    [['drop', '-y', 'x'.repeat(64)], /64 bytes long; PostgreSQL allows 63/],
    [['rename', 'x', 'é'.repeat(32)], /64 bytes long; PostgreSQL allows 63/],
    [['rename', 'x', ''], /empty/],
  ])('%j exits with 2 and helps', async (args, message) => {
    const env = { DATABASE_URL: serverUrl() };
    expect(problems(await runCli(args, env), 2, message)).toEqual([]);
    const json = await runCliJson(args, env);
    expect(json).toMatchObject({
      code: 2,
      stderr: '',
      document: { error: { code: 'CONFIG_INVALID', message: expect.stringMatching(/\S/), blockers: [] } },
    });
    expect(Object.keys(json.document['error'] as object)).toEqual(
      expect.arrayContaining(['code', 'message', 'hint', 'database', 'blockers']),
    );
    expect(showsSecret(json)).toBe(false);
  });

  test('no command shows the help on stderr and exits with 2', async () => {
    expect(await runCli([])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Usage:'),
    });
  });

  test('--help is help, -h is a host', async () => {
    expect(await runCli(['drop', '--help'])).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('$ pg-evict drop'),
    });
    expect(await runCli(['help', 'rename'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('[database] <to>'),
    });
    expect((await runCli(['sessions', '-h'])).stdout).toBe('');
  });
});

describe('a refusal of the server or of the guards', () => {
  test('a missing database exits with 7', async () => {
    const name = uniqueName('missing');
    for (const command of ['drop', 'recreate']) {
      expect(
        problems(await runCli([command, name, '-y'], { DATABASE_URL: serverUrl() }), 7, /does not exist/),
      ).toEqual([]);
    }
    expect(
      problems(
        await runCli(['clone', name, `${name}_2`], { DATABASE_URL: serverUrl() }),
        7,
        /does not exist/,
      ),
    ).toEqual([]);
  });

  test.each(['postgres', 'template0', 'template1'])('%s is protected: 3', async (database) => {
    expect(
      problems(await runCli(['drop', database, '-y'], { DATABASE_URL: serverUrl() }), 3, /never touched/),
    ).toEqual([]);
    expect(await databaseExists(database)).toBe(true);
  });

  test("somebody else's database exits with 3, and with what to GRANT", async () => {
    const database = await scratch.database();
    const [owner, role] = [await scratch.role(), await scratch.role()];
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(owner)}`);
    const env = { DATABASE_URL: serverUrl({ database, user: role, password: role }) };
    const grant = new RegExp(`hint: GRANT "${owner}" TO "${role}";`);
    expect(problems(await runCli(['drop', '-y'], env), 3, grant)).toEqual([]);
    expect(await databaseExists(database)).toBe(true);
  });

  test('sessions that may not be terminated exit with 4, each named with its remedy, and stay', async () => {
    const database = await scratch.database();
    const role = await scratch.role('CREATEDB');
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(role)}`);
    const foreign = await openSession(serverUrl({ database }));
    const env = { DATABASE_URL: serverUrl({ database, user: role, password: role }) };
    const json = await runCliJson(['recreate', '-y'], env);
    expect(json).toMatchObject({
      code: 4,
      document: {
        error: {
          code: 'SESSIONS_REMAIN',
          database,
          blockers: [{ kind: 'session', name: String(foreign.pid) }],
        },
      },
    });
    expect(problems(await runCli(['recreate', '-y'], env), 4, /superuser/)).toEqual([]);
    const dryRun = await runCliJson(['recreate', '--dry-run'], env);
    expect(dryRun).toMatchObject({
      code: 4,
      document: { dryRun: true, denied: [{ session: { pid: foreign.pid } }] },
    });
    await foreign.client.query('SELECT 1');
    await foreign.close();
  });

  test('a prepared transaction exits with 5, with how to end it', async () => {
    const database = await scratch.database();
    const gid = uniqueName('gid');
    const url = serverUrl({ database });
    await withClient(url, async (client) =>
      client.query(`BEGIN; DELETE FROM marker; PREPARE TRANSACTION '${gid}'`),
    );
    expect(
      problems(
        await runCli(['drop', '-y'], { DATABASE_URL: url }),
        5,
        new RegExp(`ROLLBACK PREPARED '${gid}'`),
      ),
    ).toEqual([]);
    expect((await runCli(['drop', '--dry-run'], { DATABASE_URL: url })).code).toBe(5);
    await withClient(url, async (client) => client.query(`ROLLBACK PREPARED '${gid}'`));
  });

  test('objects that were removed before an operation failed are reported as lost', async () => {
    const database = await scratch.database();
    const gid = uniqueName('gid');
    const url = serverUrl({ database });
    const prepare = async (): Promise<unknown> =>
      withClient(url, async (client) =>
        client.query(`BEGIN; DELETE FROM marker; PREPARE TRANSACTION '${gid}'`),
      );
    const drop = ['drop', '-y', '--rollback-prepared', '--timeout', '10s'];
    const changing = await openSession(serverUrl());
    await changing.client.query(`BEGIN; COMMENT ON DATABASE ${quote(database)} IS 'changing'`);
    await prepare();
    expect(await runCliJson(drop, { DATABASE_URL: url })).toMatchObject({
      code: 5,
      document: {
        error: { code: 'BLOCKED', removed: [{ kind: 'prepared-transaction', name: gid, database }] },
      },
    });
    await prepare();
    const told = new RegExp(`note: removed before that: The prepared transaction '${gid}'`);
    expect(problems(await runCli(drop, { DATABASE_URL: url }), 5, told)).toEqual([]);
    await changing.close();
    expect(await databaseExists(database)).toBe(true);
  });
});
