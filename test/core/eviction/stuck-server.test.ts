import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  cloneDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  terminateSessions,
  undoDatabase,
  type OperationReport,
  type Target,
} from '@pg-evict/core';
import { startServer, type RunningEmbeddedServer } from '@pg-evict/server';
import type { Client } from 'pg';
import { CuttingProxy } from '../../support/cutting-proxy.js';
import { openSession, type OpenSession } from '../../support/sessions.js';
import { quote, serverMajor, uniqueName, until } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { StoppedProcesses } from '../../support/stopped-processes.js';
import { clientOf, markerOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';

// A server of its own: a stopped process holds up others than those of its own database.
let server: RunningEmbeddedServer;
let superuser: Client;
beforeAll(async () => {
  const from = resolve(__dirname, '../..', serverMajor === 18 ? '.' : 'matrix');
  server = await startServer({ kind: 'embedded', version: serverMajor, from });
  process.env['PG_EVICT_TEST_URL'] = server.url;
  superuser = clientOf('postgres', undefined, server.url);
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await server.stop();
});

if (process.platform === 'win32') {
  process.stderr.write('NOT TESTED: a process cannot be stopped on Windows; these tests will fail.\n');
}
const stopped = new StoppedProcesses();

async function newDatabase(options = ''): Promise<string> {
  const database = uniqueName('db');
  await superuser.query(`CREATE DATABASE ${quote(database)} ${options}`);
  const client = clientOf(database, undefined, server.url);
  await client.connect();
  await client.query(`CREATE TABLE marker AS SELECT 'old' AS content`);
  await client.end();
  await until(async () => (await sessionsOn(database)).length === 0, 'the client is gone');
  return database;
}

const open = async (database: string): Promise<OpenSession> => {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return openSession(url.href);
};

/** A session whose process is stopped: it is told to end, and does not. */
async function stoppedSession(database: string): Promise<OpenSession> {
  const session = await open(database);
  stopped.stop(session.pid);
  return session;
}

async function sessionsOn(database: string): Promise<number[]> {
  const { rows } = await superuser.query<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE datname = $1',
    [database],
  );
  return rows.map(({ pid }) => pid);
}

async function atWork({ connection }: ReturnType<typeof targetOf>): Promise<unknown[]> {
  const { rows } = await superuser.query(
    'SELECT state, query FROM pg_stat_activity WHERE application_name = $1',
    [connection.application_name],
  );
  return rows;
}

async function connectionLimit(database: string): Promise<number | undefined> {
  const { rows } = await superuser.query<{ limit: number }>(
    'SELECT datconnlimit AS limit FROM pg_database WHERE datname = $1',
    [database],
  );
  return rows[0]?.limit;
}

/** Fails when a call takes much longer than its deadline. */
async function within<T>(ms: number, call: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const value = await call();
  expect(performance.now() - startedAt).toBeLessThan(ms);
  return value;
}

const operations: Record<string, (target: Target, options: object) => Promise<OperationReport>> = {
  drop: dropDatabase,
  rename: async (target, options) => renameDatabase(target, uniqueName('renamed'), options),
  clone: async (target, options) => cloneDatabase(target, uniqueName('clone'), options),
  recreate: recreateDatabase,
};
/** Since 15, a drop waits for every process of the server. */
const holdsUpDrops = serverMajor >= 15;

/** Waits until the server says that a drop waits for one of these. */
const aDropWaitsFor = async (...events: readonly string[]): Promise<void> => {
  const sql = `SELECT FROM pg_stat_activity WHERE query LIKE 'DROP DATABASE%' AND wait_event = ANY($1)`;
  await until(
    async () => (await superuser.query(sql, [events])).rows.length > 0,
    `a drop waits for ${events.join(' or ')}`,
  );
};

describe('a session that cannot end, because its process is stopped', () => {
  test.each(Object.keys(operations))(
    'is named when the deadline passes; the database is as it was, and when it goes on it works: %s',
    async (name) => {
      const database = await newDatabase();
      const session = await stoppedSession(database);
      const target = targetOf(database, undefined, server.url);
      const operate = async (timeoutMs: number): Promise<OperationReport | undefined> =>
        operations[name]?.(target, { timeoutMs });
      const error = await within(60_000, async () => failureOf(operate(10_000)));
      expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', database });
      expect(error.blockers).toMatchObject([{ kind: 'session', name: String(session.pid) }]);
      expect(await atWork(target)).toEqual([]);
      expect(await connectionLimit(database)).toBe(-1);
      // No database can be dropped to the end while a process of the server is stopped.
      const aside = name === 'recreate' && holdsUpDrops ? 1 : 0;
      expect(await privateDatabasesFor(database, server.url)).toHaveLength(aside);
      stopped.goOn(session.pid);
      expect(await session.ended).toBe('57P01');
      expect(await markerOf(database, server.url)).toBe('old');
      expect(await operate(60_000)).toMatchObject({ changed: true });
      expect(await privateDatabasesFor(database, server.url)).toEqual([]);
    },
  );

  test('is named also when the server gave up first, after five seconds', async () => {
    const database = await newDatabase();
    const session = await stoppedSession(database);
    const target = targetOf(database, undefined, server.url);
    const error = await within(60_000, async () => failureOf(dropDatabase(target, { timeoutMs: 10_000 })));
    expect(error).toMatchObject({ code: 'SESSIONS_REMAIN' });
    expect(error.blockers).toMatchObject([{ kind: 'session', name: String(session.pid) }]);
    expect(await atWork(target)).toEqual([]);
    expect(await connectionLimit(database)).toBe(-1);
  });

  test('an abort ends the wait for it at once', async () => {
    const database = await newDatabase();
    await stoppedSession(database);
    const target = targetOf(database, undefined, server.url);
    const controller = new AbortController();
    const running = failureOf(renameDatabase(target, uniqueName('to'), { signal: controller.signal }));
    await until(async () => {
      const { rows } = await superuser.query(
        `SELECT FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'ALTER%' AND state = 'active'`,
        [target.connection.application_name],
      );
      return rows.length > 0;
    }, 'the rename is under way');
    controller.abort();
    const error = await within(60_000, async () => running);
    expect(error).toMatchObject({ code: 'ABORTED' });
    expect(await atWork(target)).toEqual([]);
  });

  test('on the template: the old database stays, and its sessions with it', async () => {
    const [database, template] = [await newDatabase(), await newDatabase()];
    const [bystander, session] = [await open(database), await stoppedSession(template)];
    const target = targetOf(database, undefined, server.url);
    const error = await within(60_000, async () =>
      failureOf(recreateDatabase(target, { template, timeoutMs: 10_000 })),
    );
    expect(error).toMatchObject({ code: 'SESSIONS_REMAIN' });
    expect(error.blockers).toMatchObject([{ name: String(session.pid) }]);
    expect(await sessionsOn(database)).toEqual([bystander.pid]);
    expect(await atWork(target)).toEqual([]);
    expect(await privateDatabasesFor(database, server.url)).toEqual([]);
    await bystander.close();
  });

  test('terminating reports it as remaining when the deadline passes', async () => {
    const database = await newDatabase();
    const [other, session] = [await open(database), await stoppedSession(database)];
    const target = targetOf(database, undefined, server.url);
    const report = await within(60_000, async () => terminateSessions(target, { timeoutMs: 10_000 }));
    expect(report.terminated).toMatchObject([{ pid: other.pid }]);
    expect(report.remaining).toMatchObject([{ pid: session.pid }]);
    expect(await atWork(target)).toEqual([]);
  });
});

describe('a process somewhere else on the server that does not answer', () => {
  test('a drop returns within its deadline and says what state the database is in', async () => {
    const [database, elsewhere] = [await newDatabase(), await newDatabase()];
    const session = await stoppedSession(elsewhere);
    const target = targetOf(database, undefined, server.url);
    const outcome = await within(60_000, async () =>
      dropDatabase(target, { timeoutMs: 10_000 }).catch((error: unknown) => error),
    );
    const halfDropped = { code: 'BLOCKED', message: expect.stringContaining('half dropped') };
    expect(outcome).toMatchObject(holdsUpDrops ? halfDropped : { changed: true });
    expect(await atWork(target)).toEqual([]);
    stopped.goOn(session.pid);
    expect(await dropDatabase(target, { ifExists: true })).toMatchObject({ changed: holdsUpDrops });
    await session.close();
  });

  (holdsUpDrops ? describe : describe.skip)('since 15', () => {
    test('the drop of the old database is not given up because its checkpoint or a process takes seconds', async () => {
      const database = await newDatabase();
      const target = targetOf(database, undefined, server.url);
      const bystander = await open('postgres');
      const { rows } = await superuser.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`,
      );
      const checkpointer = rows[0]?.pid ?? Number.NaN;
      const running = recreateDatabase(target, {
        timeoutMs: 30_000,
        fill: async () => Promise.resolve(stopped.stop(checkpointer)),
      });
      await aDropWaitsFor('CheckpointStart', 'CheckpointDone');
      // Longer than a process may keep a drop waiting.
      await delay(12_000);
      stopped.stop(bystander.pid);
      stopped.goOn(checkpointer);
      await aDropWaitsFor('ProcSignalBarrier');
      await delay(5000);
      stopped.goOn(bystander.pid);
      expect(await running).toMatchObject({ changed: true });
      expect(await privateDatabasesFor(database, server.url)).toEqual([]);
    });

    test.each(['is ended by somebody', 'loses its connection'])(
      'a drop whose session %s says what state the database is in',
      async (how) => {
        const [database, elsewhere] = [await newDatabase(), await newDatabase()];
        const session = await stoppedSession(elsewhere);
        const proxy = await CuttingProxy.start(server.host, server.port);
        const url = new URL(server.url);
        url.port = String(proxy.port);
        const target = targetOf(database, undefined, url.href);
        const failing = failureOf(dropDatabase(target));
        const waiting = `FROM pg_stat_activity WHERE wait_event = 'ProcSignalBarrier' AND application_name = $1`;
        const application = [target.connection.application_name];
        await until(
          async () => (await superuser.query(`SELECT ${waiting}`, application)).rows.length > 0,
          'the drop waits',
        );
        if (how === 'loses its connection') proxy.cut();
        else await superuser.query(`SELECT pg_terminate_backend(pid) ${waiting}`, application);
        expect(await failing).toMatchObject({
          code: 'CONNECTION_FAILED',
          message: expect.stringContaining(`Database "${database}" is half dropped`),
        });
        expect(await connectionLimit(database)).toBe(-2);
        proxy.stop();
        stopped.goOn(session.pid);
        await session.close();
        await superuser.query(`DROP DATABASE ${quote(database)}`);
      },
    );
  });

  test('a recreate returns within its deadline; what it leaves aside is in the report, and the next one cleans up', async () => {
    const [database, elsewhere] = [await newDatabase(), await newDatabase()];
    const session = await stoppedSession(elsewhere);
    const target = targetOf(database, undefined, server.url);
    const report = await within(60_000, async () => recreateDatabase(target, { timeoutMs: 10_000 }));
    expect(report.changed).toBe(true);
    expect(await atWork(target)).toEqual([]);
    expect(await markerOf(database, server.url)).toBeUndefined();
    expect(report.leftovers.map((leftover) => leftover.database)).toEqual(
      await privateDatabasesFor(database, server.url),
    );
    stopped.goOn(session.pid);
    expect(await recreateDatabase(target)).toMatchObject({ changed: true, leftovers: [] });
    expect(await privateDatabasesFor(database, server.url)).toEqual([]);
    await session.close();
  });
});

describe('a full disk', () => {
  const mountPoint = mkdtempSync(join(tmpdir(), 'small-disk-'));
  let mounted = false;
  beforeAll(() => {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mountPoint], { stdio: 'pipe' });
      mounted = true;
    } catch (error) {
      process.stderr.write(`NOT TESTED, a full disk: may not mount a small file system (${String(error)})\n`);
    }
  });
  afterAll(() => {
    if (mounted) execFileSync('umount', ['-l', mountPoint]);
    rmSync(mountPoint, { recursive: true, force: true });
  });

  test('the old database stays with its content and its sessions, and nothing is left aside', async () => {
    if (!mounted) return;
    const directory = join(mountPoint, 'space');
    execFileSync('mkdir', [directory]);
    chmodSync(mountPoint, 0o755);
    const account = statSync(server.dataDirectory);
    chownSync(directory, account.uid, account.gid);
    await superuser.query(`CREATE TABLESPACE small LOCATION '${directory}'`);
    const database = await newDatabase('TABLESPACE small');
    const session = await open(database);
    const filler = join(mountPoint, 'filler');
    writeFileSync(filler, Buffer.alloc(12 * 1024 * 1024));
    const target = targetOf(database, undefined, server.url);

    const error = await failureOf(recreateDatabase(target));
    expect(error).toMatchObject({ code: 'UNEXPECTED', sqlState: '53100', terminated: [] });
    expect(await sessionsOn(database)).toEqual([session.pid]);
    expect(await markerOf(database, server.url)).toBe('old');
    expect(await privateDatabasesFor(database, server.url)).toEqual([]);
    expect(await atWork(target)).toEqual([]);

    rmSync(filler);
    expect(await recreateDatabase(target)).toMatchObject({ changed: true, notCarriedOver: [] });
    expect(await markerOf(database, server.url)).toBeUndefined();

    // What is kept stays where the next one fails, and needs no room to come back.
    await superuser.query(`COMMENT ON DATABASE ${quote(database)} IS 'kept'`);
    const { kept } = await recreateDatabase(target, { undoMs: 3_600_000 });
    writeFileSync(filler, Buffer.alloc(6 * 1024 * 1024));
    const failed = await failureOf(recreateDatabase(target, { undoMs: 3_600_000 }));
    expect(failed).toMatchObject({ sqlState: '53100', hint: expect.stringContaining('undo') });
    expect(await privateDatabasesFor(database, server.url)).toEqual([kept?.database]);
    expect(await undoDatabase(target)).toMatchObject({ from: kept?.database, leftovers: [] });
    const { rows } = await superuser.query(
      `SELECT shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
      [database],
    );
    expect(rows).toEqual([{ comment: 'kept' }]);
    await dropDatabase(target);
    await superuser.query('DROP TABLESPACE small');
  });
});
