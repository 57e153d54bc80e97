import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { ReconnectingClients } from '../../support/reconnecting-clients.js';
import { useOwnServer } from '../../support/own-server.js';
import { expectGivenBack } from '../../support/core/marker.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { runCli, runCliJson, startCli } from '../../support/cli/run-cli.js';
import { runOnTerminal } from '../../support/cli/run-on-terminal.js';
import { hasTerminal } from '../../support/terminal.js';

const scratch = new Scratch();
const folder = mkdtempSync(join(tmpdir(), 'pg-evict-run-'));
afterAll(async () => {
  await scratch.cleanUp();
  rmSync(folder, { recursive: true });
});
useOwnServer();

const describeOnTerminal = hasTerminal ? describe : describe.skip;

/** A program for the command to run, which finds node-postgres where the tests do. */
function program(name: string, source: string): string {
  const file = join(folder, `${name}.cjs`);
  const driver = JSON.stringify(require.resolve('pg'));
  writeFileSync(file, `const { Client } = require(${driver});\n(async () => {${source}})();\n`);
  return file;
}

/** That the database has its name and content, and nothing of pg-evict's is left of it. */

/** The private databases there are now. */
async function heldDatabases(): Promise<string[]> {
  const rows = await ask<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'pg\\_evict\\_held\\_%'`,
  );
  return rows.map(({ name }) => name);
}

const connected = program(
  'connected',
  `const client = new Client({ connectionString: process.env.DATABASE_URL });
   await client.connect();
   const viaVariables = new Client();
   await viaVariables.connect();
   const { rows } = await viaVariables.query('SELECT content, current_database() AS name FROM marker');
   console.log(JSON.stringify({ ...rows[0], own: process.env.PG_EVICT_DATABASE, variable: process.env.PGDATABASE }));
   await client.end(); await viaVariables.end();
   process.exitCode = 7;`,
);

test('the command reaches the database by DATABASE_URL and PG*, its output and its exit code are passed on', async () => {
  const database = await scratch.database(`My "Datenbank" ${Date.now()}`);
  const session = await openSession(serverUrl({ database }));
  const { code, stdout, stderr } = await runCli(['run', database, '--', process.execPath, connected], {
    DATABASE_URL: serverUrl(),
  });
  expect(code).toBe(7);
  const seen = JSON.parse(stdout) as Record<string, string>;
  expect(seen).toMatchObject({ content: 'old', own: database });
  expect(seen['name']).toMatch(/^pg_evict_held_/);
  expect(seen['variable']).toBe(seen['name']);
  expect(await session.ended).toBe('57P01');
  expect(stderr).toContain('1 session terminated');
  expect(stderr).toContain('Gave back');
  await expectGivenBack(database);
});

test('the database may be left to the connection, and its parameters stay in the URL', async () => {
  const database = await scratch.database();
  const file = program('variables', 'console.log(JSON.stringify(process.env));');
  const { stdout } = await runCli(['run', '--quiet', '--', process.execPath, file], {
    DATABASE_URL: `${serverUrl({ database })}?sslmode=disable&application_name=my%20tool`,
    PGSERVICE: '',
    PGHOSTADDR: '192.0.2.1',
  });
  const env = JSON.parse(stdout) as Record<string, string>;
  const { port, username, password } = new URL(serverUrl());
  expect(env).toMatchObject({ PGHOST: '127.0.0.1', PGPORT: port, PGUSER: username, PGPASSWORD: password });
  expect(env).toMatchObject({ PGSSLMODE: 'disable', PG_EVICT_DATABASE: database });
  expect(env['DATABASE_URL']).toMatch(/\/pg_evict_held_\w+\?sslmode=disable&application_name=my%20tool$/);
  expect(env).not.toHaveProperty('PGSERVICE');
  expect(env).not.toHaveProperty('PGHOSTADDR');
});

test('an empty PGHOST or PGPORT leads the command to the same server', async () => {
  const database = await scratch.database();
  const file = program('empty', 'console.log(JSON.stringify(process.env));');
  const { port, username, password } = new URL(serverUrl());
  const { stdout } = await runCli(['run', '--quiet', database, '--', process.execPath, file], {
    PGHOST: '',
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: decodeURIComponent(password),
  });
  const env = JSON.parse(stdout) as Record<string, string>;
  expect(env).toMatchObject({ PGHOST: 'localhost', PGPORT: port });
  expect(new URL(env['DATABASE_URL'] ?? '').host).toBe(`localhost:${port}`);
});

test.each([
  ['a superuser', false],
  ['the owner', true],
])(
  'nobody else gets in while the command runs, reconnecting superusers neither, run by %s',
  async (_who, byOwner) => {
    const database = await scratch.database();
    let url = serverUrl({ database });
    if (byOwner) {
      const role = await scratch.role('CREATEDB IN ROLE pg_signal_backend');
      await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(role)}`);
      url = serverUrl({ database, user: role, password: role });
    }
    // A session of a superuser may be ended by a superuser only, so where the owner runs it, it is others who come.
    const stranger = await scratch.role();
    const crowd = new ReconnectingClients(
      byOwner ? serverUrl({ database, user: stranger, password: stranger }) : url,
      5,
    );
    await until(async () => Promise.resolve(crowd.statistics.connected >= 5), 'the crowd to be in');
    const file = program(
      'alone',
      `const client = new Client({ connectionString: process.env.DATABASE_URL });
     await client.connect();
     const seen = new Set();
     const endsAt = Date.now() + 1500;
     while (Date.now() < endsAt) {
       const { rows } = await client.query(
         'SELECT pid FROM pg_stat_activity WHERE datname IN (current_database(), $1) AND pid <> pg_backend_pid()',
         [process.env.PG_EVICT_DATABASE]);
       for (const { pid } of rows) seen.add(pid);
     }
     console.log(JSON.stringify([...seen]));
     await client.end();`,
    );
    const { code, stdout } = await runCli(['run', '--', process.execPath, file], { DATABASE_URL: url });
    await until(async () => {
      const rows = await ask(
        `SELECT FROM pg_stat_activity WHERE datname = $1 AND application_name = 'reconnecting'`,
        [database],
      );
      return rows.length === 5;
    }, 'the crowd to be back');
    await crowd.stop();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([]);
    await expectGivenBack(database);
  },
);

test('--json prints one document on stdout; what the command prints goes to stderr', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const { code, document, stderr } = await runCliJson(['run', '--', 'sh', '-c', 'echo mine; exit 3'], {
    DATABASE_URL: serverUrl({ database }),
  });
  expect(code).toBe(3);
  expect(stderr).toBe('mine\n');
  expect(document).toMatchObject({
    command: 'run',
    database,
    exitCode: 3,
    signal: null,
    terminated: [{ pid: session.pid }],
    denied: [],
    dryRun: false,
  });
});

describe('signals', () => {
  const waiting = program(
    'waiting',
    `for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {
       console.log(signal);
       setTimeout(() => process.exit(42), 300);
     });
     setInterval(() => undefined, 1000);
     console.log('ready');`,
  );

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s goes to the command, which decides what comes of it, and the database is given back',
    async (signal) => {
      const database = await scratch.database();
      const { process: child, result } = startCli(['run', '--', process.execPath, waiting], {
        DATABASE_URL: serverUrl({ database }),
      });
      child.stdout?.once('data', () => child.kill(signal));
      const { code, stdout } = await result;
      expect({ code, stdout }).toEqual({ code: 42, stdout: `ready\n${signal}\n` });
      await expectGivenBack(database);
    },
  );

  test('a command that dies of a signal: 128 and its number', async () => {
    const database = await scratch.database();
    const { process: child, result } = startCli(['run', '--', 'sh', '-c', 'echo ready; exec sleep 60'], {
      DATABASE_URL: serverUrl({ database }),
    });
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    expect((await result).code).toBe(143);
    await expectGivenBack(database);
  });

  describeOnTerminal('on a terminal', () => {
    test('Ctrl-C reaches the command once', async () => {
      const database = await scratch.database();
      const { code, output } = await runOnTerminal(['run', '--', process.execPath, waiting], {
        env: { DATABASE_URL: serverUrl({ database }) },
        steps: [{ after: 'ready', type: '\u0003' }],
      });
      expect(output.match(/SIGINT/g)).toHaveLength(1);
      expect(code).toBe(42);
      await expectGivenBack(database);
    });
  });

  test('before the command has begun, a signal gives it up', async () => {
    const database = await scratch.database();
    const holder = await openSession(serverUrl());
    await holder.client.query(`BEGIN; COMMENT ON DATABASE ${quote(database)} IS 'locked'`);
    const touched = join(folder, 'touched');
    const { process: child, result } = startCli(['run', '--', 'touch', touched], {
      DATABASE_URL: serverUrl({ database }),
    });
    await until(async () => {
      const rows = await ask('SELECT FROM pg_locks WHERE NOT granted AND $1 = ANY (pg_blocking_pids(pid))', [
        holder.pid,
      ]);
      return rows.length > 0;
    }, 'the command to wait');
    child.kill('SIGTERM');
    expect((await result).code).toBe(130);
    await holder.close();
    expect(existsSync(touched)).toBe(false);
    await expectGivenBack(database);
  });
});

describe('--timeout', () => {
  test('ends the command with SIGTERM, exits with 8 and gives the database back', async () => {
    const database = await scratch.database();
    const { code, document } = await runCliJson(
      ['run', '--timeout', '3s', '--', 'sh', '-c', 'exec sleep 60'],
      { DATABASE_URL: serverUrl({ database }) },
    );
    expect(code).toBe(8);
    expect(document).toMatchObject({ error: { code: 'TIMEOUT', database } });
    await expectGivenBack(database);
  });

  test('kills a command that does not listen 5 seconds later, its sessions included', async () => {
    const database = await scratch.database();
    const deaf = program(
      'deaf',
      `process.on('SIGTERM', () => undefined);
       const client = new Client(); await client.connect(); await client.query('BEGIN; DELETE FROM marker');
       await client.query('SELECT pg_sleep(60)');`,
    );
    const startedAt = Date.now();
    const { code } = await runCli(['run', '--timeout', '3s', '--', process.execPath, deaf], {
      DATABASE_URL: serverUrl({ database }),
    });
    expect(code).toBe(8);
    expect(Date.now() - startedAt).toBeGreaterThan(7900);
    await expectGivenBack(database);
  });

  test('without it, the command may take any time', async () => {
    const database = await scratch.database();
    const { code } = await runCli(['run', '--timeout', '1h', '--', 'true'], {
      DATABASE_URL: serverUrl({ database }),
    });
    expect(code).toBe(0);
  });
});

test('a command that does not exist or may not be run disconnects nobody: 127 and 126', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const env = { DATABASE_URL: serverUrl({ database }) };
  const missing = await runCli(['run', '--', 'no-such-command', '--json'], env);
  expect(missing).toMatchObject({ code: 127, stdout: '' });
  expect(missing.stderr).toContain('There is no command no-such-command');
  expect((await runCliJson(['run', '--', 'no-such-command'], env)).document).toMatchObject({
    error: { code: 'CONFIG_INVALID' },
  });
  const file = join(folder, 'plain');
  writeFileSync(file, 'not a program');
  chmodSync(file, 0o644);
  expect((await runCli(['run', '--', file], env)).code).toBe(126);
  await session.client.query('SELECT FROM marker');
  await session.close();
});

test('on Windows, where nothing is looked for before, it is said how npm is started, and the database is given back', async () => {
  const database = await scratch.database();
  const asWindows = join(__dirname, '../../support/as-windows.cjs');
  const { code, stderr } = await runCli(['run', '--', 'no-such-command'], {
    DATABASE_URL: serverUrl({ database }),
    NODE_OPTIONS: `--require ${JSON.stringify(asWindows)}`,
  });
  expect(code).toBe(127);
  expect(stderr).toContain('-- cmd /c npm');
  await expectGivenBack(database);
});

test('if the command file cannot be executed, the database is given back', async () => {
  const database = await scratch.database();
  const file = join(folder, 'broken');
  writeFileSync(file, '#!/no/such/interpreter\n');
  chmodSync(file, 0o755);
  const { code, stderr } = await runCli(['run', '--', file], { DATABASE_URL: serverUrl({ database }) });
  expect(code).toBe(127);
  expect(stderr).toContain('could not be started');
  await expectGivenBack(database);
});

test.each([
  [['run', 'x'], /"--" is missing/],
  [['run', 'x', 'psql', '-c', 'SELECT 1'], /'-c'[^]*Put the command and its options after "--"\./],
  [['run', 'x', '--'], /command to run is missing/],
  [['run', 'x', 'y', '--', 'true'], /too many arguments/],
])('%j exits with 2', async (args, message) => {
  const { code, stderr } = await runCli(args, { DATABASE_URL: serverUrl() });
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('--dry-run lists the sessions that would be terminated and runs nothing', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const touched = join(folder, 'touched-by-dry-run');
  const env = { DATABASE_URL: serverUrl({ database }) };
  const { code, document } = await runCliJson(['run', '--dry-run', '--', 'touch', touched], env);
  expect(code).toBe(0);
  expect(document).toMatchObject({ command: 'run', dryRun: true, terminated: [{ pid: session.pid }] });
  expect(document).not.toHaveProperty('to');
  expect(JSON.stringify(document)).not.toMatch(/renam/i);
  expect(existsSync(touched)).toBe(false);
  await session.client.query('SELECT FROM marker');
  await session.close();
});

test('a dry run of an operation that could not succeed says so: no session would be terminated', async () => {
  const role = await scratch.role('CREATEDB');
  const database = await scratch.database();
  await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(role)}`);
  const session = await openSession(serverUrl({ database }));
  const env = { DATABASE_URL: serverUrl({ database, user: role, password: role }) };
  const { code, stdout } = await runCli(['run', '--dry-run', '--', 'true'], env);
  expect(code).toBe(4);
  expect(stdout).toContain(`Would hold ${database}`);
  expect(stdout).toContain('The operation would fail; no session would be terminated.');
  expect(stdout).not.toMatch(/renam/i);
  expect((await runCli(['run', '--', 'true'], env)).code).toBe(4);
  await session.client.query('SELECT FROM marker');
  await session.close();
});

describe('--grace and --except', () => {
  test('sessions that leave in time are not ended, and the command waits for them', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const running = runCliJson(['run', '--grace', '1m', '--timeout', '2m', '--', 'true'], {
      DATABASE_URL: serverUrl({ database }),
    });
    await until(async () => {
      const rows = await ask(
        `SELECT FROM pg_stat_activity WHERE application_name = 'pg-evict' AND state = 'idle'
           AND query LIKE 'COMMENT ON DATABASE %' AND state_change < clock_timestamp() - interval '300 ms'`,
      );
      return rows.length > 0;
    }, 'the placeholder is made, and nothing has happened since');
    await session.client.query('SELECT FROM marker');
    await session.close();
    const { code, document } = await running;
    expect(document).toMatchObject({ terminated: [] });
    expect(code).toBe(0);
    await expectGivenBack(database);
  });

  test('those that stay are ended when it is over', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const startedAt = performance.now();
    const { document } = await runCliJson(['run', '--grace', '1500ms', '--', 'true'], {
      DATABASE_URL: serverUrl({ database }),
    });
    expect(performance.now() - startedAt).toBeGreaterThan(1500);
    expect(document).toMatchObject({ terminated: [{ pid: session.pid }] });
    expect(await session.ended).toBe('57P01');
  });

  test('a session to keep prevents the command from running, and no session is terminated', async () => {
    const database = await scratch.database();
    const [kept, other] = [
      await openSession(serverUrl({ database }), 'idle in transaction'),
      await openSession(serverUrl({ database })),
    ];
    const touched = join(folder, 'touched-in-spite');
    const env = { DATABASE_URL: serverUrl({ database }) };
    const args = ['run', '--except', 'test idle in*', '--', 'touch', touched];
    const { code, document } = await runCliJson(args, env);
    expect(code).toBe(4);
    expect(document).toMatchObject({
      error: { code: 'SESSIONS_REMAIN', terminated: [], blockers: [{ name: String(kept.pid) }] },
    });
    expect(existsSync(touched)).toBe(false);
    await other.client.query('SELECT FROM marker');
    await kept.close();
    expect(await runCliJson(args, env)).toMatchObject({
      code: 0,
      document: { terminated: [{ pid: other.pid }] },
    });
    expect(existsSync(touched)).toBe(true);
  });
});

describe('its connections are lost while the command runs', () => {
  const ready = program(
    'ready',
    `const client = new Client({ connectionString: process.env.DATABASE_URL });
     client.on('error', () => undefined);
     await client.connect();
     process.on('SIGTERM', () => { console.log('SIGTERM'); process.exit(1); });
     process.on('SIGHUP', async () => { await client.query('SELECT FROM marker'); console.log('well'); await client.end(); process.exit(0); });
     setInterval(() => undefined, 1000);
     console.log('ready');`,
  );
  const sessionsOfRun = `FROM pg_stat_activity WHERE application_name = 'pg-evict'`;

  test('it keeps holding the database, and the command is not disturbed', async () => {
    const database = await scratch.database();
    const env = { DATABASE_URL: serverUrl({ database }) };
    const { process: child, result } = startCli(['run', '--', process.execPath, ready], env);
    await new Promise((seen) => child.stdout?.once('data', seen));
    const ended = await ask<{ pid: number }>(`SELECT pid, pg_terminate_backend(pid) ${sessionsOfRun}`);
    expect(ended).toHaveLength(2);
    expect((await runCliJson(['recreate', '--yes'], env)).document).toMatchObject({
      error: { code: 'BLOCKED', terminated: [] },
    });
    child.kill('SIGHUP');
    const { code, stdout } = await result;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ready\nwell\n' });
    await expectGivenBack(database);
  });

  test('if others got the database before it could reconnect, it stops the command, says so, and exits with 6', async () => {
    const database = await scratch.database();
    const { hostname, port } = new URL(serverUrl());
    const proxy = await CuttingProxy.start(hostname, Number(port));
    const through = new URL(serverUrl({ database }));
    through.port = String(proxy.port);
    const { process: child, result } = startCli(['run', '--', process.execPath, ready], {
      DATABASE_URL: through.href,
    });
    await new Promise((seen) => child.stdout?.once('data', seen));
    proxy.refuse();
    await until(async () => (await ask(`SELECT ${sessionsOfRun}`)).length === 0, 'its sessions are gone');
    const fixed = await runCli(['doctor', '--fix'], { DATABASE_URL: serverUrl({ database }) });
    expect(fixed.stdout).toContain(`Repaired: ${database}.`);
    proxy.letThrough();
    const { code, stdout, stderr } = await result;
    proxy.stop();
    expect(stdout).toBe('ready\nSIGTERM\n');
    expect(stderr).toContain('was not held to the end');
    expect(code).toBe(6);
    await expectGivenBack(database);
  });
});

test('doctor reports the leftovers of a killed run, and doctor --fix repairs them', async () => {
  const database = await scratch.database();
  const env = { DATABASE_URL: serverUrl({ database }) };
  const { process: child, result } = startCli(['run', '--', 'sh', '-c', 'echo $$; exec sleep 60'], env);
  let printed = '';
  child.stdout?.on('data', (chunk: string) => (printed += chunk));
  await until(async () => Promise.resolve(printed.includes('\n')), 'the command to run');
  expect((await runCliJson(['doctor'], env)).document).toMatchObject({ leftovers: [] });
  child.kill('SIGKILL');
  process.kill(Number(printed), 'SIGKILL');
  await result;
  const [held = ''] = await heldDatabases();

  await until(async () => (await runCli(['doctor'], env)).code === 5, 'the server to notice');
  const told = await runCliJson(['doctor'], env);
  expect(told.document).toMatchObject({
    ok: false,
    leftovers: [{ database: held, of: database, kind: 'held' }],
  });
  const dryRun = await runCli(['doctor', '--fix', '--dry-run'], env);
  expect(dryRun.code).toBe(5);
  expect(dryRun.stdout).toContain(`${held} is the data of ${database}`);
  const fixed = await runCli(['doctor', '--fix'], { DATABASE_URL: serverUrl() });
  expect(fixed.stdout).toContain(`Repaired: ${database}.`);
  expect(fixed.code).toBe(0);
  await expectGivenBack(database);
});

test('data whose placeholder is gone too stays until somebody names the database', async () => {
  const database = await scratch.database();
  const env = { DATABASE_URL: serverUrl({ database }) };
  const { process: child, result } = startCli(['run', '--', 'sh', '-c', 'echo $$; exec sleep 60'], env);
  let printed = '';
  child.stdout?.on('data', (chunk: string) => (printed += chunk));
  await until(async () => Promise.resolve(printed.includes('\n')), 'the command to run');
  child.kill('SIGKILL');
  process.kill(Number(printed), 'SIGKILL');
  await result;
  await ask(`ALTER DATABASE ${quote(database)} IS_TEMPLATE false`);
  await ask(`DROP DATABASE ${quote(database)}`);

  const elsewhere = { DATABASE_URL: serverUrl({ database: 'postgres' }) };
  await until(async () => (await runCli(['doctor'], elsewhere)).code === 5, 'the server to notice');
  const unfixed = await runCli(['doctor', '--fix'], elsewhere);
  expect(unfixed.code).toBe(5);
  expect(unfixed.stdout).toContain('of a database that is gone');
  expect(await heldDatabases()).toHaveLength(1);
  expect((await runCli(['doctor', '--fix'], env)).code).toBe(0);
  await expectGivenBack(database);
});

test('the help shows examples, and arguments after "--" are not parsed', async () => {
  const database = await scratch.database();
  expect((await runCli(['run', '--help'])).stdout).toContain('$ pg-evict run app_dev -- npm run restore');
  const file = join(folder, 'arguments.cjs');
  writeFileSync(file, 'console.log(JSON.stringify([process.argv.slice(2), process.env.NO_COLOR]));');
  const args = ['--json', '--no-color', '--yes', '--', '-d', 'x'];
  const { stdout } = await runCli(['run', database, '--', process.execPath, file, ...args], {
    DATABASE_URL: serverUrl(),
  });
  expect(JSON.parse(stdout)).toEqual([args, null]);
});
