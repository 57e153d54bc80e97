import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { openLockQueue } from '../../support/cli/lock-queue.js';
import { bin, cliEnvironment, runCli, runCliJson } from '../../support/cli/run-cli.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

interface ListedSession {
  readonly pid: number;
  readonly id: string;
  readonly canTerminate: boolean;
  readonly waitsFor: string | null;
  readonly startedAt: string;
}

/** The pids that `sessions` lists with these options. */
async function listed(database: string, ...args: string[]): Promise<number[]> {
  const { code, document } = await runCliJson<{ sessions: ListedSession[] }>(['sessions', ...args], {
    DATABASE_URL: serverUrl({ database }),
  });
  expect(code).toBe(0);
  return document.sessions.map(({ pid }) => pid);
}

async function pidsOn(database: string): Promise<number[]> {
  const rows = await ask<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = $1 ORDER BY backend_start`,
    [database],
  );
  return rows.map(({ pid }) => pid);
}

test('filters by user, application and client pick sessions, by patterns and lists, and combine', async () => {
  const database = await scratch.database();
  const role = await scratch.role();
  const idle = await openSession(serverUrl({ database }), 'idle');
  const active = await openSession(serverUrl({ database }), 'active');
  const other = await openSession(serverUrl({ database, user: role, password: role }), 'idle');
  const all = [idle.pid, active.pid, other.pid];
  expect(await listed(database)).toEqual(all);
  expect(await listed(database, '--user', role)).toEqual([other.pid]);
  expect(await listed(database, '--user', `${role},postgres`)).toEqual(all);
  expect(await listed(database, '--user', role, '--user', 'postgres')).toEqual(all);
  expect(await listed(database, '--application', 'test id*')).toEqual([idle.pid, other.pid]);
  expect(await listed(database, '--application', 'test id*', '--user', 'post*')).toEqual([idle.pid]);
  expect(await listed(database, '--state', 'active')).toEqual([active.pid]);
  expect(await listed(database, '--client', '127.0.0.0/8')).toEqual(all);
  expect(await listed(database, '--client', '10.*,[local]')).toEqual([]);
  expect(await listed(database, '--backend-type', 'client*')).toEqual(all);
  expect(await listed(database, '--pids', `${idle.pid},${other.pid}`)).toEqual([idle.pid, other.pid]);
  for (const session of [idle, active, other]) await session.close();
});

test('filters by age pick sessions that idle in a transaction, run or are connected for long', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const idle = await openSession(url, 'idle');
  const holding = await openSession(url, 'idle in transaction');
  const active = await openSession(url, 'active');
  // Longer than it takes to run the command, on a slow machine too: what is opened now must stay younger.
  await new Promise((resolve) => setTimeout(resolve, 15_100));
  const late = await openSession(url, 'idle in transaction');
  const [holdingOnly, both, running, old] = await Promise.all([
    listed(database, '--idle-in-transaction', '15s'),
    listed(database, '--idle-in-transaction', '0'),
    listed(database, '--query-longer-than', '15s'),
    listed(database, '--older-than', '15s'),
  ]);
  expect(holdingOnly).toEqual([holding.pid]);
  expect(both).toEqual([holding.pid, late.pid]);
  expect(running).toEqual([active.pid]);
  expect(old).toEqual([idle.pid, holding.pid, active.pid]);
  expect(await listed(database, '--older-than', '1d')).toEqual([]);
  await late.close();

  const later = await openSession(url, 'idle in transaction');
  const { document } = await runCliJson(['terminate', '--idle-in-transaction', '15s'], { DATABASE_URL: url });
  expect(document).toMatchObject({ terminated: [{ pid: holding.pid }], denied: [], remaining: [] });
  expect(await pidsOn(database)).toEqual([idle.pid, active.pid, later.pid]);
  for (const session of [idle, active, later]) await session.close();
});

test.each([
  [['--older-than', '5'], /with its unit/],
  [['--idle-in-transaction', 'long'], /with its unit/],
  [['--blocking', 'me'], /Write a number from 1 to 2147483647/],
  [['--user', 'a,,b'], /empty value/],
  [['--except', 'host=x'], /application=pattern, user=pattern or client=pattern/],
  [['--pids', 'nobody'], /neither a pid nor a session id/],
  [['--blocking-table', 'no.such_table'], /no\.such_table/],
])('%j is refused, and no session is terminated', async (args, message) => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const { code, stdout, stderr } = await runCli(['terminate', ...args], {
    DATABASE_URL: serverUrl({ database }),
  });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
  expect(await pidsOn(database)).toEqual([session.pid]);
  await session.close();
});

test.each(['1', '0'])('--interval %s is refused, as its unit is not known', async (interval) => {
  const { code, stderr } = await runCli(['sessions', '--watch', '--interval', interval], {
    DATABASE_URL: serverUrl(),
  });
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('with its unit') as string,
  });
});

describe('a real lock queue', () => {
  test('is shown as a tree: a waiting session is below the session it waits for, with the lock it waits for', async () => {
    const database = await scratch.database();
    const queue = await openLockQueue(database);
    const { holder, first, second } = queue;
    const { stdout } = await runCli(['sessions'], { DATABASE_URL: serverUrl({ database }) });
    const lines = stdout.split('\n');
    expect(lines[1]).toMatch(new RegExp(`^${holder.pid} .*idle in transaction`));
    expect(lines[2]).toMatch(
      new RegExp(`^└─ ${first.pid} .*AccessExclusiveLock on public\\.marker .*LOCK marker`),
    );
    expect(lines[3]).toMatch(new RegExp(`^ {3}└─ ${second.pid} .*AccessShareLock on public\\.marker`));
    expect(lines[0]).not.toContain('BLOCKED BY');

    const waiting = await runCli(['sessions', '--pids', `${first.pid},${second.pid}`], {
      DATABASE_URL: serverUrl({ database }),
    });
    // Whom the list leaves out is named all the same.
    expect(waiting.stdout).toContain('BLOCKED BY');
    expect(waiting.stdout).toMatch(new RegExp(`${first.pid} .* ${holder.pid} `));
    await queue.close();
  });

  test('a prepared transaction that blocks is called that', async () => {
    const database = await scratch.database();
    const url = serverUrl({ database });
    const [preparer, waiter] = [await openSession(url), await openSession(url)];
    await preparer.client.query(`BEGIN; LOCK marker; PREPARE TRANSACTION '${database}'`);
    const waiting = waiter.client.query('SELECT FROM marker').catch(() => undefined);
    await until(
      async () => (await ask('SELECT FROM pg_locks WHERE pid = $1 AND NOT granted', [waiter.pid])).length > 0,
      'the waiter to wait',
    );
    const { stdout } = await runCli(['sessions'], { DATABASE_URL: url });
    expect(stdout).toMatch(new RegExp(`${waiter.pid} .* prepared transaction `));
    await preparer.client.query(`ROLLBACK PREPARED '${database}'`);
    await waiting;
    await preparer.close();
    await waiter.close();
  });

  test('--root-blockers, --blocking and --blocking-table find the blocking sessions, and terminate frees the rest', async () => {
    const database = await scratch.database();
    const queue = await openLockQueue(database);
    const { holder, first, second } = queue;
    const bystander = await openSession(serverUrl({ database }));
    expect(await listed(database, '--root-blockers')).toEqual([holder.pid]);
    expect(await listed(database, '--blocking', String(first.pid))).toEqual([holder.pid]);
    expect(await listed(database, '--blocking', String(second.pid))).toEqual([holder.pid, first.pid]);
    expect(await listed(database, '--blocking-table', 'public.marker')).toEqual([holder.pid]);
    expect(await listed(database, '--blocking-table', 'marker', '--state', 'active')).toEqual([]);

    const { code, document } = await runCliJson(['terminate', '--root-blockers'], {
      DATABASE_URL: serverUrl({ database }),
    });
    expect(code).toBe(0);
    expect(document).toMatchObject({ terminated: [{ pid: holder.pid }] });
    expect(await holder.ended).toBe('57P01');
    expect(await pidsOn(database)).toEqual([first.pid, second.pid, bystander.pid]);
    await bystander.close();
    await queue.close();
  });
});

describe('terminate', () => {
  test('--dry-run lists the sessions that would be terminated, and the command that it prints terminates exactly these', async () => {
    const database = await scratch.database(`it's "me" ${Date.now()}`);
    const url = serverUrl({ database });
    const [one, two] = [await openSession(url), await openSession(url)];
    const other = await openSession(url, 'active');
    const env = { DATABASE_URL: url };
    const { stdout } = await runCli(['terminate', '--dry-run', '--state', 'idle'], env);
    expect(stdout).toContain('Would terminate 2 sessions');
    const [, command = ''] = /^To terminate exactly these: pg-evict (.*)$/m.exec(stdout) ?? [];
    const late = await openSession(url);
    expect(await pidsOn(database)).toEqual([one.pid, two.pid, other.pid, late.pid]);

    await promisify(execFile)('sh', ['-c', `"$0" "$1" ${command}`, process.execPath, bin], {
      env: cliEnvironment({ DATABASE_URL: serverUrl() }),
    });
    expect(await pidsOn(database)).toEqual([other.pid, late.pid]);
    await other.close();
    await late.close();
  });

  test('--dry-run shows no password of --url', async () => {
    const database = await scratch.database();
    const url = serverUrl({ database });
    const session = await openSession(url);
    const { stdout } = await runCli(['terminate', '--dry-run', '--url', url]);
    expect(stdout).toContain('-d postgresql://postgres@');
    expect(stdout).not.toContain(new URL(url).password);
    await session.close();
  });

  test('--pids refuses a session id whose pid now belongs to another session, and terminates no session', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const { document } = await runCliJson<{ sessions: ListedSession[] }>(['sessions'], {
      DATABASE_URL: serverUrl({ database }),
    });
    const [start = '', pid = ''] = document.sessions[0]?.id.split('.') ?? [];
    const earlier = `${(Number.parseInt(start, 16) - 60).toString(16)}.${pid}`;
    const result = await runCliJson(['terminate', '--pids', earlier], {
      DATABASE_URL: serverUrl({ database }),
    });
    expect(result).toMatchObject({ code: 3, document: { error: { code: 'REFUSED' } } });
    expect(await pidsOn(database)).toEqual([session.pid]);
    await session.close();
  });

  test('--cancel ends what they run and leaves them connected', async () => {
    const database = await scratch.database();
    const url = serverUrl({ database });
    const [active, idle] = [await openSession(url, 'active'), await openSession(url)];
    await until(async () => (await listed(database, '--state', 'active')).length === 1, 'it to run');
    const { code, document } = await runCliJson(['terminate', '--cancel'], { DATABASE_URL: url });
    expect(code).toBe(0);
    expect(document).toMatchObject({ terminated: [], cancelled: [{ pid: active.pid }], remaining: [] });
    await active.client.query('SELECT 1');
    await idle.client.query('SELECT 1');
    const text = await runCli(['terminate', '--cancel'], { DATABASE_URL: url });
    expect(text.stdout).toContain('Cancelled the query of no session');
    await active.close();
    await idle.close();
  });

  test('--except keeps sessions, and sessions marks them', async () => {
    const database = await scratch.database();
    const url = serverUrl({ database });
    const [idle, active] = [await openSession(url), await openSession(url, 'active')];
    const listing = await runCliJson<{ sessions: ListedSession[] }>(['sessions', '--except', 'test act*'], {
      DATABASE_URL: url,
    });
    expect(listing.document.sessions.map(({ canTerminate }) => canTerminate)).toEqual([true, false]);
    const { stdout } = await runCli(['sessions', '--except', 'application=test act*'], { DATABASE_URL: url });
    expect(stdout).toContain(`2 sessions on ${database}; 1 may not be terminated.`);
    const { code } = await runCli(['terminate', '--except', 'application=test act*'], { DATABASE_URL: url });
    expect(code).toBe(0);
    expect(await idle.ended).toBe('57P01');
    expect(await pidsOn(database)).toEqual([active.pid]);
    const kept = await runCliJson(['recreate', '-y', '--except', 'user=postgres'], { DATABASE_URL: url });
    expect(kept).toMatchObject({ code: 4, document: { error: { code: 'SESSIONS_REMAIN' } } });
    expect(await pidsOn(database)).toEqual([active.pid]);
    await active.close();
  });

  test.each([['terminate'], ['recreate', '-y'], ['drop', '-y']])(
    '--grace lets sessions leave by themselves before %s ends them',
    async (...args) => {
      const database = await scratch.database();
      const url = serverUrl({ database });
      const [leaving, staying] = [await openSession(url), await openSession(url)];
      setTimeout(() => void leaving.close(), 400);
      const { code, document } = await runCliJson<{ terminated: { pid: number }[] }>(
        [...args, '--grace', '1500ms'],
        { DATABASE_URL: url },
      );
      expect(code).toBe(0);
      expect(document.terminated.map(({ pid }) => pid)).toEqual([staying.pid]);
      expect(await leaving.ended).toBeUndefined();
      expect(await staying.ended).toBe('57P01');
    },
  );
});
