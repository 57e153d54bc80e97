import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beginHost, endHost, type TestHost } from '@pg-evict/testing';
import { ask, serverUrl, until } from '../../support/server.js';
import { ownDatabases, RunFixture, setupWith } from '../../support/testing/run-fixture.js';
import { WorkerProcess } from '../../support/testing/host/worker-process.js';

// Some runners need the name of a file's database at once: a worker then takes one that the host offers as a file.

const fixture = new RunFixture();
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-ready-test-')));
let host: TestHost;
beforeEach(async () => {
  host = await beginHost({
    url: serverUrl(),
    cwd: folder,
    testing: { template: { setup: setupWith('CREATE TABLE t (a int); INSERT INTO t VALUES (1)') } },
  });
  const { address } = host;
  const offered = join(address.slice(address.indexOf('/')), 'ready');
  await until(async () => Promise.resolve(readdirSync(offered).length === 1), 'a database to be ready');
});
afterEach(async () => {
  await WorkerProcess.killAll();
  await endHost(host);
});
afterAll(async () => {
  await fixture.cleanUp();
  rmSync(folder, { recursive: true });
});

interface Database {
  readonly name: string;
}

/** The databases of the run, by their names and their oids, which a rename leaves as they are. */
const databases = async (): Promise<{ name: string; oid: string }[]> => {
  const names = await ownDatabases(`_test_${host.runs[0]?.id ?? ''}_`);
  return ask('SELECT datname AS name, oid::text FROM pg_database WHERE datname = ANY ($1) ORDER BY oid', [
    names,
  ]);
};

test('a worker that cannot wait gets a database that is ready, under the name that it has', async () => {
  const before = await databases();
  const worker = new WorkerProcess(host);
  const { name } = await worker.runFile('UPDATE t SET a = 2');
  expect([{ name, oid: before[0]?.oid }]).toEqual(before);
  expect(await databases()).toEqual(before);
  await worker.tell('begin');
  await worker.tell('ready');
  expect(await worker.tell('query', { sql: 'SELECT a FROM t' })).toEqual([{ a: 1 }]);
});

test('of workers that begin at once, one gets the database that is ready', async () => {
  const [ready] = await databases();
  const workers = Array.from({ length: 6 }, () => new WorkerProcess(host));
  const begun = await Promise.all(workers.map(async (worker) => worker.tell<Database>('begin')));
  expect(new Set(begun.map(({ name }) => name)).size).toBe(6);
  expect(begun.filter(({ name }) => name === ready?.name)).toHaveLength(1);
  await Promise.all(workers.map(async (worker) => worker.tell('ready')));
  expect((await databases()).map(({ name }) => name).toSorted()).toEqual(
    begun.map(({ name }) => name).toSorted(),
  );
});

test('a database that a living worker has taken is not lent to another before it has asked', async () => {
  const slow = new WorkerProcess(host);
  const taken = await slow.tell<Database>('begin');
  const other = new WorkerProcess(host);
  const { name } = await other.runFile('UPDATE t SET a = 2');
  expect(name).not.toBe(taken.name);
  await slow.tell('ready');
  expect(await slow.tell('query', { sql: 'SELECT a FROM t' })).toEqual([{ a: 1 }]);
});

test('a database whose taker died before it asked is lent to the next worker, and no other is made', async () => {
  const before = await databases();
  const worker = new WorkerProcess(host);
  const { name } = await worker.tell<Database>('begin');
  expect(name).toBe(before[0]?.name);
  await worker.kill();
  const heir = new WorkerProcess(host);
  const inherited = await heir.tell<Database>('begin');
  await heir.tell('ready');
  expect(await databases()).toEqual([{ name: inherited.name, oid: before[0]?.oid }]);
});

test('a name that a file has taken and not used is that of the next file', async () => {
  const before = await databases();
  const worker = new WorkerProcess(host);
  const first = await worker.tell<Database>('begin');
  // Its setup has failed before anybody waited.
  const second = await worker.tell<Database>('begin');
  await worker.tell('ready');
  expect(second.name).toBe(first.name);
  expect(await databases()).toEqual(before);
});
