import { spawn } from 'node:child_process';
import { Client } from 'pg';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { bin, cliEnvironment, runCli, runCliJson } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('sessions lists the sessions, as a table and as JSON in the documented shape', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }), 'idle in transaction');
  const env = { DATABASE_URL: serverUrl({ database }) };

  const { code, document } = await runCliJson<{ sessions: Record<string, unknown>[] }>(['sessions'], env);
  expect(code).toBe(0);
  expect(document).toMatchObject({
    database,
    sessions: [{ pid: session.pid, state: 'idle in transaction' }],
  });
  expect(Object.keys(document.sessions[0] ?? {})).toEqual([
    'pid',
    'user',
    'application',
    'client',
    'backendType',
    'state',
    'since',
    'waitEvent',
    'blockedBy',
    'query',
    'canTerminate',
    'id',
    'startedAt',
    'waitsFor',
  ]);
  expect(document.sessions[0]?.['since']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

  const { stdout } = await runCli(['ls'], env);
  expect(stdout).toMatch(/^ *PID {2}USER .* QUERY\n/);
  expect(stdout).toContain(`${session.pid}  `);
  expect(stdout).toContain(`1 session on ${database}.`);
  await session.close();
});

test('sessions tells a role that may not see the activity of others so, with the grant that it needs', async () => {
  const database = await scratch.database();
  const [role, other] = [await scratch.role(), await scratch.role()];
  const own = await openSession(serverUrl({ database, user: role, password: role }));
  const foreign = await openSession(serverUrl({ database, user: other, password: other }));
  const env = { DATABASE_URL: serverUrl({ database, user: role, password: role }) };
  const grant = `GRANT pg_read_all_stats TO "${role}";`;

  const { stdout } = await runCli(['sessions'], env);
  expect(stdout).toContain(`The activity of 1 session of other roles is hidden from ${role}`);
  expect(stdout).toContain(grant);
  const filtered = await runCli(['sessions', '--state', 'idle in transaction'], env);
  expect(filtered.stdout).toContain(`is hidden from ${role}, so this filter skips them`);
  expect(filtered.stdout).toContain(`No session on ${database} matches.`);
  expect((await runCli(['sessions', '--user', role], env)).stdout).not.toContain('hidden');
  const ending = await runCli(['terminate', '--state', 'idle in transaction'], env);
  expect(ending.stdout).toContain(`Terminated no session on ${database}`);
  expect(ending.stderr).toContain(`is hidden from ${role}, so this filter skips them`);

  await ask(grant);
  const seen = await runCli(['sessions'], env);
  expect(seen.stdout).not.toContain('hidden');
  expect((await runCli(['terminate', '--state', 'active'], env)).stderr).toBe('');
  expect(seen.stdout).toMatch(new RegExp(`${foreign.pid} .*\\bidle\\b`));
  await Promise.all([own.close(), foreign.close()]);
});

test('sessions shows which session waits for which', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const [holder, waiter] = [await openSession(url), await openSession(url)];
  await holder.client.query('BEGIN; LOCK marker');
  const waiting = waiter.client.query('SELECT FROM marker').catch(() => undefined);
  await until(async () => {
    const rows = await ask(`SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'`, [
      waiter.pid,
    ]);
    return rows.length > 0;
  }, 'the waiter to wait');
  const { document } = await runCliJson<{
    sessions: { pid: number; blockedBy: number[]; waitEvent: string }[];
  }>(['sessions'], { DATABASE_URL: url });
  const row = document.sessions.find(({ pid }) => pid === waiter.pid);
  expect(row).toMatchObject({ blockedBy: [holder.pid], waitEvent: 'Lock:relation' });
  await holder.close();
  await waiting;
  await waiter.close();
});

test('escape sequences in a query are shown, not obeyed, and passwords in it are masked', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const session = await openSession(url);
  const role = await scratch.role();
  await session.client.query(`SELECT '\u001B]0;owned\u0007\u001B[2J\u009B31m\u202E'`);
  const { stdout } = await runCli(['sessions'], { DATABASE_URL: url });
  // oxlint-disable-next-line no-control-regex -- these are the characters that must not be there
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
  expect(stdout).toContain(String.raw`\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e`);
  const { stdout: json } = await runCli(['sessions', '--json'], { DATABASE_URL: url });
  // oxlint-disable-next-line no-control-regex -- as above
  expect(json).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);

  await session.client.query(`ALTER ROLE "${role}" PASSWORD 'hunter''2'`);
  for (const args of [['sessions'], ['sessions', '--json']]) {
    const result = await runCli(args, { DATABASE_URL: url });
    expect(result.stdout).toContain(`PASSWORD '***'`);
    expect(result.stdout).not.toContain('hunter');
  }
  // In a string of SQL the quotes are doubled.
  await session.client.query(`SELECT 'ALTER ROLE x PASSWORD ''hunter'''`);
  for (const args of [['sessions'], ['sessions', '--json']]) {
    expect((await runCli(args, { DATABASE_URL: url })).stdout).not.toContain('hunter');
  }
  await session.close();
});

test('terminate terminates all other sessions and lists them', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const sessions = [await openSession(url, 'idle'), await openSession(url, 'active')];
  const dryRun = await runCliJson<{ terminated: unknown[] }>(['terminate', '--dry-run'], {
    DATABASE_URL: url,
  });
  expect(dryRun.document).toMatchObject({ dryRun: true, denied: [], remaining: [] });
  expect(dryRun.document.terminated).toHaveLength(2);
  expect(await ask('SELECT FROM pg_stat_activity WHERE datname = $1', [database])).toHaveLength(2);

  const { code, document } = await runCliJson<{ terminated: { pid: number }[] }>(['terminate'], {
    DATABASE_URL: url,
  });
  expect(code).toBe(0);
  expect(new Set(document.terminated.map(({ pid }) => pid))).toEqual(new Set(sessions.map(({ pid }) => pid)));
  expect(await ask('SELECT FROM pg_stat_activity WHERE datname = $1', [database])).toEqual([]);
});

test('terminate terminates the sessions that it may, names the others with the remedy, and exits with 4', async () => {
  const database = await scratch.database();
  const [role, other] = [await scratch.role(), await scratch.role()];
  const own = await openSession(serverUrl({ database, user: role, password: role }));
  const foreign = await openSession(serverUrl({ database, user: other, password: other }));
  const env = { DATABASE_URL: serverUrl({ database, user: role, password: role }) };

  const { code, stdout, stderr } = await runCli(['terminate'], env);
  expect(code).toBe(4);
  expect(stdout).toContain(String(own.pid));
  expect(stderr).toContain(`not terminated: ${foreign.pid}`);
  expect(stderr).toContain(`GRANT pg_signal_backend TO "${role}"`);
  await foreign.client.query('SELECT 1');

  const json = await runCliJson(['terminate', '--quiet'], env);
  expect(json).toMatchObject({
    code: 4,
    stderr: '',
    document: {
      terminated: [],
      denied: [{ session: { pid: foreign.pid }, remedy: expect.stringContaining('GRANT') }],
    },
  });
  await foreign.close();
});

test.each(['sessions', 'terminate'])('%s on a missing database exits with 7', async (command) => {
  const { code, document } = await runCliJson([command, 'no such database'], { DATABASE_URL: serverUrl() });
  expect(code).toBe(7);
  expect(document).toMatchObject({ error: { code: 'DATABASE_NOT_FOUND', database: 'no such database' } });
});

test('a reader that closes the pipe (| head) does not make it crash', async () => {
  const database = await scratch.database();
  const client = new Client({ connectionString: serverUrl({ database }) });
  await client.connect();
  await client.query(`SELECT '${'x'.repeat(900)}'`);
  const child = spawn(process.execPath, [bin, 'sessions'], {
    env: cliEnvironment({ DATABASE_URL: serverUrl({ database }) }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdout.destroy();
  const code = await new Promise((done) => child.once('close', done));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await client.end();
});
