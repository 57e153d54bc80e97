import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beginHost, type BeginHostOptions, endHost, type TestHost } from '@pg-evict/testing';
import { openHost } from '@pg-evict/testing/internal';
import { ask, serverUrl, until } from '../../support/server.js';
import { ownDatabases, rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';
import { WorkerProcess } from '../../support/testing/host/worker-process.js';

const fixture = new RunFixture();
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-host-test-')));
const hosts = new Set<TestHost>();
afterEach(async () => {
  await WorkerProcess.killAll();
  for (const host of hosts) await endHost(host);
  hosts.clear();
});
afterAll(async () => {
  await fixture.cleanUp();
  rmSync(folder, { recursive: true });
});

async function begin(options: BeginHostOptions = {}): Promise<TestHost> {
  const host = await beginHost({
    url: serverUrl(),
    cwd: folder,
    testing: { template: { setup: setupWith('CREATE TABLE t (a int); INSERT INTO t VALUES (1)') } },
    ...options,
  });
  hosts.add(host);
  return host;
}

const idOf = (host: TestHost): string => host.runs[0]?.id ?? '';

/** The databases of a host's run; its template is not among them. */
const databasesOf = async (host: TestHost): Promise<string[]> => ownDatabases(`_test_${idOf(host)}_`);

/** What the one variable says. */
function addressOf(host: TestHost): { readonly secret: string; readonly folder: string } {
  const environment: NodeJS.ProcessEnv = {};
  host.offerTo(environment);
  const [value = '', ...others] = Object.values(environment);
  expect(others).toEqual([]);
  const [, secret = '', place = ''] = /^2:(\w+):(.*)$/.exec(value) ?? [];
  return { secret, folder: place };
}

/** Says one thing after another to a host, as a worker would; returns what it answers. */
function speakTo(place: string): (kind: string, asks: object) => Promise<object> {
  const socket = connect(join(place, 's'));
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  return async (kind, asks) => {
    socket.write(`${JSON.stringify({ id: 1, kind, asks })}\n`);
    for (;;) {
      const { value } = await answers.next();
      const { id: _id, ...answer } = JSON.parse(String(value)) as { id: number };
      // Why it takes a while.
      if (!('waits' in answer)) return answer;
    }
  };
}

interface Database {
  readonly name: string;
  readonly url: string;
}

test('a worker finds what the template holds, whatever its file before it did', async () => {
  const host = await begin();
  const worker = new WorkerProcess(host);
  const first = await worker.runFile('UPDATE t SET a = 2; CREATE TABLE u ()');
  const second = await worker.tell<Database>('begin');
  await worker.tell('ready');
  expect(await worker.tell('query', { sql: 'SELECT * FROM t' })).toEqual([{ a: 1 }]);
  await expect(worker.tell('query', { sql: 'SELECT * FROM u' })).rejects.toThrow('"u" does not exist');
  expect([first.name, second.name].every((name) => name.startsWith(`pg_evict_test_${idOf(host)}_`))).toBe(
    true,
  );
});

test('a database that nobody used is lent again as it is, under its name', async () => {
  const host = await begin();
  const worker = new WorkerProcess(host);
  const first = await worker.runFile(null);
  const [before] = await ask('SELECT oid FROM pg_database WHERE datname = $1', [first.name]);
  const second = await worker.runFile(null);
  expect(second).toEqual(first);
  expect(await ask('SELECT oid FROM pg_database WHERE datname = $1', [first.name])).toEqual([before]);
});

test('a request while a database is being made in advance waits for that database', async () => {
  const host = await begin();
  const { secret, folder: place } = addressOf(host);
  const worker = speakTo(place);
  await worker('hello', { secret, who: 'a worker' });
  const name = `pg_evict_test_${idOf(host)}_1_2_3`;
  expect(await worker('borrow', { run: idOf(host), name, for: 'itself' })).toEqual({ answers: { name } });
  expect(await databasesOf(host)).toEqual([name]);
});

test('one process after another, as where a runner starts one for each file, share as many databases as run at once', async () => {
  const host = await begin();
  let most = 0;
  for (let n = 0; n < 6; n += 1) {
    const workers = [new WorkerProcess(host), new WorkerProcess(host)];
    await Promise.all(
      workers.map(async (worker) => {
        await worker.tell('begin');
        await worker.tell('ready');
        expect(await worker.tell('query', { sql: 'SELECT a FROM t' })).toEqual([{ a: 1 }]);
        await worker.tell('query', { sql: 'DELETE FROM t' });
      }),
    );
    await Promise.all(workers.map(async (worker) => worker.kill()));
    most = Math.max(most, (await databasesOf(host)).length);
  }
  expect(most).toBeLessThanOrEqual(4);
  await endHost(host);
  expect(await databasesOf(host)).toEqual([]);
});

test('the databases of a worker that dies are given back, and nothing of it stays', async () => {
  const host = await begin({ ready: 0 });
  const worker = new WorkerProcess(host);
  await worker.tell('begin');
  await worker.tell('ready');
  await worker.tell('query', { sql: 'INSERT INTO t VALUES (3)', stay: true });
  await worker.kill();
  const heir = new WorkerProcess(host);
  const inherited = await heir.tell<Database>('begin');
  await heir.tell('ready');
  expect(await databasesOf(host)).toEqual([inherited.name]);
  expect(await rowsIn(serverUrl({ database: inherited.name }), 'SELECT * FROM t')).toEqual([{ a: 1 }]);
});

test('a worker that is busy for longer than it may wait has the answer that came meanwhile', async () => {
  const cwd = join(folder, 'impatient');
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'pg-evict.config.json'), '{ "sessions": { "timeoutMs": 3000 } }');
  const host = await begin({ cwd });
  const worker = new WorkerProcess(host);
  await worker.tell('begin');
  await worker.tell('ready', { busyMs: 4000 });
  expect(await worker.tell('query', { sql: 'SELECT a FROM t' })).toEqual([{ a: 1 }]);
  expect(worker.stderr).toBe('');
});

test('databases on demand: another copy, an empty one, reset and given back with the file', async () => {
  // The template of an empty database is that of whoever has none.
  await fixture.start();
  const host = await begin();
  const worker = new WorkerProcess(host);
  const own = await worker.tell<Database>('begin');
  await worker.tell('ready');
  const copy = await worker.tell<Database>('borrow');
  const empty = await worker.tell<Database>('borrow', { empty: true });
  expect(new Set([own.name, copy.name, empty.name]).size).toBe(3);
  expect(await worker.tell('query', { url: copy.url, sql: 'SELECT * FROM t' })).toEqual([{ a: 1 }]);
  await expect(worker.tell('query', { url: empty.url, sql: 'SELECT * FROM t' })).rejects.toThrow(
    '"t" does not exist',
  );
  await worker.tell('query', { sql: 'DELETE FROM t' });
  await worker.tell('reset');
  expect(await worker.tell('query', { sql: 'SELECT * FROM t' })).toEqual([{ a: 1 }]);
  await worker.tell('giveBack');
  await worker.tell('begin');
  await worker.tell('ready');
  await worker.tell('borrow');
  expect((await databasesOf(host)).length).toBe(3);
  await expect(worker.tell('borrow', { template: 'nobody' })).rejects.toThrow(
    'The configuration has no template "nobody". Add it: testing.templates.nobody.',
  );
});

test('a run that ends while a database is being reset leaves none behind', async () => {
  for (const afterMs of [10, 40, 70]) {
    const host = await begin();
    const id = idOf(host);
    const worker = new WorkerProcess(host);
    await worker.tell('begin');
    await worker.tell('ready');
    await worker.tell('query', { sql: 'CREATE TABLE extra ()' });
    const resetting = worker.tell('reset').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await endHost(host);
    await resetting;
    expect([afterMs, await ownDatabases(`_test_${id}_`)]).toEqual([afterMs, []]);
  }
});

test('a session that a file leaves open is reported with its line, also one on a borrowed database', async () => {
  const host = await begin();
  const worker = new WorkerProcess(host);
  await worker.tell('begin');
  await worker.tell('ready');
  const { url } = await worker.tell<Database>('borrow');
  await worker.tell('query', { sql: 'SELECT 1', url, stay: true });
  const { text } = await worker.tell<{ text: string }>('leaks');
  expect(text).toMatch(/^some\.test\.js left 1 PostgreSQL session open:\n {2}pid \d+, idle/);
  expect(text).toContain('worker-child.mjs:');
  await worker.tell('giveBack');
  await until(
    async () =>
      (
        await ask(`SELECT FROM pg_stat_activity WHERE datname LIKE $1 AND application_name <> 'pg-evict'`, [
          `%${idOf(host)}%`,
        ])
      ).length === 0,
    'it is gone',
  );
});

test('a name in use is refused to others, and so is a client that does not know the secret', async () => {
  const host = await begin();
  const worker = new WorkerProcess(host);
  const { name } = await worker.tell<Database>('begin');
  await worker.tell('ready');
  const { secret, folder: place } = addressOf(host);
  const stranger = speakTo(place);
  expect(await stranger('hello', { secret, who: 'a stranger' })).toEqual({ answers: {} });
  expect(await stranger('borrow', { run: idOf(host), name, for: 'itself' })).toEqual({
    error: {
      code: 'REFUSED',
      database: name,
      message: expect.stringMatching(
        /^Database "pg_evict_test_\w+" is lent to pid \d+ for \/project\/some\.test\.js\./,
      ),
    },
  });
  expect(await stranger('return', { name, used: false, next: 'none' })).toEqual({
    error: expect.objectContaining({ message: `Database "${name}" is not lent to a stranger for itself.` }),
  });
  expect(await speakTo(place)('borrow', { run: idOf(host), for: 'itself' })).toEqual({
    error: expect.objectContaining({ message: 'Say hello first.' }),
  });
  expect(await speakTo(place)('hello', { secret: 'guessed', who: 'a stranger' })).toEqual({
    error: expect.objectContaining({ message: 'That is not the secret of this run.' }),
  });
  await worker.tell('giveBack');
});

test('the folder is private, and gone when the run is over', async () => {
  const host = await begin();
  const { folder: path } = addressOf(host);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  await endHost(host);
  expect(() => statSync(path)).toThrow('ENOENT');
});

test('the folders of hosts that were killed are removed by the next host, and no others', async () => {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { openHost } from '@pg-evict/testing/internal';
       const { address } = await openHost();
       console.log(address);
       setInterval(() => undefined, 1000);`,
    ],
    { cwd: __dirname, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [address] = (await once(createInterface(child.stdout), 'line')) as [string];
  const left = address.replace(/^2:.*?:/, '');
  const owner = JSON.parse(readFileSync(join(left, 'owner.json'), 'utf8')) as { pid: number };
  expect(owner.pid).toBe(child.pid);
  const made = (facts: object): string => {
    const path = mkdtempSync(join(tmpdir(), 'pg-evict-'));
    writeFileSync(join(path, 'owner.json'), JSON.stringify({ ...owner, ...facts }));
    return path;
  };
  // Of a pid that another process has now; and of another machine, or container, with which the folder is shared.
  const reused = made({ pid: process.pid, startedAt: '1' });
  const remote = made({ machine: 'elsewhere' });
  const others = mkdtempSync(join(tmpdir(), 'pg-evict-'));
  await endHost(await openHost());
  expect([left, reused, remote, others].map(existsSync)).toEqual([true, false, true, true]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await endHost(await openHost());
  expect([left, remote, others].map(existsSync)).toEqual([false, true, true]);
  for (const path of [remote, others]) rmSync(path, { recursive: true });
});
