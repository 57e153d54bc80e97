import {
  dropDatabase,
  listSessions,
  terminateSessions,
  type SessionFilter,
  type SessionPattern,
} from '@pg-evict/core';
import { type OpenSession, useSessions } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl, uniqueName, until, withClient } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, pidsOf, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const sessionOn = useSessions();

const listed = async (database: string, filter: SessionFilter): Promise<number[]> =>
  pidsOf(await listSessions(targetOf(database), { filter }));

describe('who they are', () => {
  test('user, application and address are patterns, in which only * and ? are special', async () => {
    const database = await scratch.database();
    const user = await scratch.role('', uniqueName('Jo.n_%'));
    const dotted = await sessionOn(database, { application: 'a.b+(c)[d]^$|\\' });
    const plain = await sessionOn(database, { application: 'aXb+(c)[d]^$|\\' });
    const other = await sessionOn(database, { user, application: 'Jobs' });
    const cases: [SessionFilter, OpenSession[]][] = [
      [{ application: 'a.b+(c)[d]^$|\\' }, [dotted]],
      [{ application: 'a?b+(c)[d]^$|\\' }, [dotted, plain]],
      [{ application: 'a*' }, [dotted, plain]],
      [{ application: 'jobs' }, []],
      [{ application: 'Job' }, []],
      [{ application: ['Jobs', 'a.*'] }, [dotted, other]],
      [{ application: [] }, []],
      [{ sessions: [] }, []],
      [{ user }, [other]],
      [{ user: `${user}_` }, []],
      [{ user: 'postgres' }, [dotted, plain]],
      [{ client: '127.0.0.*' }, [dotted, plain, other]],
      [{ client: '127.0.0.0/8' }, [dotted, plain, other]],
      [{ client: '10.0.0.0/8' }, []],
      [{ client: ['10.0.0.0/8', '127.0.0.1'] }, [dotted, plain, other]],
      [{ client: '::/0' }, []],
      [{ client: '[local]' }, []],
      [{ client: ['[loc*', 'fe80::?'] }, []],
      [{ backendType: 'client*' }, [dotted, plain, other]],
      [{ backendType: 'walsender' }, []],
      [{ state: 'idle' }, [dotted, plain, other]],
      [{ state: 'active' }, []],
      [{ user: 'postgres', application: 'Jobs' }, []],
      [{ user, application: 'J*', client: '127.*', state: 'id*', backendType: 'client backend' }, [other]],
    ];
    for (const [filter, expected] of cases) {
      expect([filter, await listed(database, filter)]).toEqual([filter, pidsOf(expected)]);
    }
    const report = await terminateSessions(targetOf(database), { filter: { application: 'a.b*' } });
    expect(pidsOf(report.terminated)).toEqual([dotted.pid]);
    expect(await alive(pidsOf([dotted, plain, other]))).toEqual(pidsOf([plain, other]));
  });

  test('without a filter all other sessions of the database are terminated, and none elsewhere', async () => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    const kinds = ['idle', 'active', 'idle in transaction'] as const;
    const here = await Promise.all(kinds.map(async (kind) => sessionOn(database, { kind })));
    const there = await Promise.all(kinds.map(async (kind) => sessionOn(elsewhere, { kind })));
    const report = await terminateSessions(targetOf(database));
    expect(pidsOf(report.terminated)).toEqual(pidsOf(here));
    expect(report).toMatchObject({ denied: [], remaining: [], dryRun: false });
    expect(await alive([...pidsOf(here), ...pidsOf(there)])).toEqual(pidsOf(there));
  });

  test.each([
    [{ client: '10.0.0.0/99' }],
    [{ client: 'not/a network' }],
    [{ client: 'localhost' }],
    [{ client: ['127.0.0.1', 'local'] }],
    [{ olderThanMs: -1 }],
    [{ queryLongerThanMs: Number.NaN }],
    [{ sessions: ['12; DROP'] }],
    [{ blockingTable: 'public.none' }],
    [{ blockingTable: 'public..marker' }],
    [{ blockingTable: 'elsewhere.public.marker' }],
    [{ blockingTable: 'far.elsewhere.public.marker' }],
    [{ blockingTable: '"marker' }],
    [{ blockingTable: '' }],
  ] as [SessionFilter][])(
    'a filter that makes no sense is refused and terminates no session: %j',
    async (filter) => {
      const database = await scratch.database();
      const session = await sessionOn(database);
      expect(await failureOf(terminateSessions(targetOf(database), { filter }))).toMatchObject({
        code: 'CONFIG_INVALID',
      });
      expect(await failureOf(listSessions(targetOf(database), { filter }))).toMatchObject({
        code: 'CONFIG_INVALID',
      });
      expect(await alive([session.pid])).toEqual([session.pid]);
    },
  );

  test('a missing database is named, also when a table of it is asked for', async () => {
    const target = targetOf(uniqueName('missing'));
    for (const filter of [{}, { blockingTable: 'public.marker' }]) {
      expect(await failureOf(terminateSessions(target, { filter }))).toMatchObject({
        code: 'DATABASE_NOT_FOUND',
      });
      expect(await failureOf(listSessions(target, { filter }))).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    }
  });
});

describe('what they do', () => {
  test('idle in transaction for longer than a while: not those idle, active or idle for less', async () => {
    // Longer than a slow machine takes to list them.
    const whileMs = 3000;
    const database = await scratch.database();
    const [idle, active] = [await sessionOn(database), await sessionOn(database, { kind: 'active' })];
    const open = await sessionOn(database, { kind: 'idle in transaction' });
    const aborted = await sessionOn(database);
    await aborted.client.query('BEGIN; SELECT 1/0').catch(() => undefined);
    const expected = pidsOf([open, aborted]);
    expect(await listed(database, { idleInTransactionMs: 3_600_000 })).toEqual([]);
    await until(
      async () => (await listed(database, { idleInTransactionMs: whileMs })).length === 2,
      'both are old enough',
    );
    await open.client.query('SELECT 1');
    expect(await listed(database, { idleInTransactionMs: whileMs })).toEqual([aborted.pid]);
    await until(
      async () => (await listed(database, { idleInTransactionMs: whileMs })).length === 2,
      'both are old enough again',
    );
    const report = await terminateSessions(targetOf(database), { filter: { idleInTransactionMs: whileMs } });
    expect(pidsOf(report.terminated)).toEqual(expected);
    expect(await alive(pidsOf([idle, active, open, aborted]))).toEqual(pidsOf([idle, active]));
  });

  test('a query and a session that are older than the given age match', async () => {
    const database = await scratch.database();
    const idle = await sessionOn(database);
    const active = await sessionOn(database, { kind: 'active' });
    await until(
      async () => (await listed(database, { queryLongerThanMs: 200 })).length > 0,
      'the query is old enough',
    );
    expect(await listed(database, { queryLongerThanMs: 200 })).toEqual([active.pid]);
    expect(await listed(database, { queryLongerThanMs: 3_600_000 })).toEqual([]);
    await until(
      async () => (await listed(database, { olderThanMs: 200 })).length === 2,
      'both are old enough',
    );
    expect(await listed(database, { olderThanMs: 3_600_000 })).toEqual([]);
    expect(await listed(database, { olderThanMs: 0, state: 'idle' })).toEqual([idle.pid]);
  });

  test('cancelling ends only the query: the transaction, the idle and the session itself stay', async () => {
    const database = await scratch.database();
    const idle = await sessionOn(database);
    const open = await sessionOn(database, { kind: 'idle in transaction' });
    const active = await sessionOn(database);
    await active.client.query('BEGIN; SAVEPOINT s');
    const query = active.client.query('SELECT pg_sleep(600)').then(
      () => 'finished',
      (error: { code?: string }) => error.code,
    );
    await until(async () => (await listed(database, { state: 'active' })).length > 0, 'the query runs');
    const planned = await terminateSessions(targetOf(database), { cancel: true, dryRun: true });
    expect(pidsOf(planned.cancelled ?? [])).toEqual([active.pid]);
    const report = await terminateSessions(targetOf(database), { cancel: true });
    expect(report).toMatchObject({ terminated: [], denied: [], remaining: [] });
    expect(pidsOf(report.cancelled ?? [])).toEqual([active.pid]);
    expect(await query).toBe('57014');
    await active.client.query('ROLLBACK TO s');
    const { rows } = await active.client.query('SELECT pg_current_xact_id_if_assigned() IS NULL AS ok');
    expect(rows).toEqual([{ ok: true }]);
    expect(await alive(pidsOf([idle, open, active]))).toEqual(pidsOf([idle, open, active]));
    expect((await terminateSessions(targetOf(database), { cancel: true })).cancelled).toEqual([]);
  });

  test('a query that replaces a cancelled one is not waited for', async () => {
    const database = await scratch.database();
    const { client, pid } = await sessionOn(database);
    const sleep = async (): Promise<unknown> => client.query('SELECT pg_sleep(600)');
    sleep()
      .catch(sleep)
      .catch(() => undefined);
    await until(async () => (await listed(database, { state: 'active' })).length > 0, 'the query runs');
    const report = await terminateSessions(targetOf(database), { cancel: true });
    expect(report).toMatchObject({ cancelled: [{ pid }], remaining: [] });
    await until(async () => (await listed(database, { state: 'active' })).length > 0, 'the other runs');
  });
});

describe('lock queues', () => {
  interface Queue {
    readonly database: string;
    readonly holder: OpenSession;
    readonly ddl: OpenSession;
    readonly reader: OpenSession;
    readonly bystander: OpenSession;
    readonly done: Promise<unknown>;
  }

  /** A forgotten transaction, an ALTER TABLE that waits for it, a reader that waits for the ALTER TABLE. */
  async function queue(hold: 'transaction' | 'prepared transaction' = 'transaction'): Promise<Queue> {
    const database = await scratch.database();
    const holder = await sessionOn(database, { application: 'holder' });
    await holder.client.query('BEGIN; SELECT * FROM marker');
    if (hold === 'prepared transaction') {
      await holder.client.query(`PREPARE TRANSACTION '${database}'`);
    }
    const ddl = await sessionOn(database, { application: 'ddl' });
    const bystander = await sessionOn(database);
    // Without a transaction id: a logical slot that another test creates waits for all transactions that have one.
    await bystander.client.query('BEGIN; SELECT 1');
    const altering = ddl.client.query('ALTER TABLE marker ADD COLUMN more int').catch(() => undefined);
    const waits = async (pid: number): Promise<boolean> =>
      (await ask('SELECT FROM pg_locks WHERE pid = $1 AND NOT granted', [pid])).length > 0;
    await until(async () => waits(ddl.pid), 'the DDL waits');
    const reader = await sessionOn(database, { application: 'reader' });
    const reading = reader.client.query('SELECT content FROM marker').catch(() => undefined);
    await until(async () => waits(reader.pid), 'the reader waits');
    return { database, holder, ddl, reader, bystander, done: Promise.all([altering, reading]) };
  }

  test('the list shows which session waits for which, and for which lock', async () => {
    const { database, holder, ddl, reader, bystander } = await queue();
    const sessions = await listSessions(targetOf(database));
    const bySession = Object.fromEntries(sessions.map((s) => [s.pid, [s.blockedBy, s.waitsFor]]));
    expect(bySession).toEqual({
      [holder.pid]: [[], null],
      [bystander.pid]: [[], null],
      [ddl.pid]: [[holder.pid], 'AccessExclusiveLock on public.marker'],
      [reader.pid]: [[ddl.pid], 'AccessShareLock on public.marker'],
    });
  });

  test('blocking a session: every session in the chain before it, and no other', async () => {
    const { database, holder, ddl, reader } = await queue();
    expect(await listed(database, { blocking: reader.pid })).toEqual(pidsOf([holder, ddl]));
    expect(await listed(database, { blocking: ddl.pid })).toEqual([holder.pid]);
    expect(await listed(database, { blocking: holder.pid })).toEqual([]);
    expect(await listed(database, { blocking: 1 })).toEqual([]);
    expect(await listed(database, { blocking: reader.pid, state: 'active' })).toEqual([ddl.pid]);
  });

  test('blocking a table: the sessions that hold a lock on it, not those that wait for one', async () => {
    const { database, holder } = await queue();
    expect(await listed(database, { blockingTable: 'public.marker' })).toEqual([holder.pid]);
    expect(await listed(database, { blockingTable: 'marker' })).toEqual([holder.pid]);
    expect(await listed(database, { blockingTable: 'pg_catalog.pg_proc' })).toEqual([]);
  });

  test('ending the root blockers sets the whole queue free', async () => {
    const { database, holder, ddl, reader, bystander, done } = await queue();
    const dry = await terminateSessions(targetOf(database), { filter: { rootBlockers: true }, dryRun: true });
    expect(pidsOf(dry.terminated)).toEqual([holder.pid]);
    const report = await terminateSessions(targetOf(database), { filter: { rootBlockers: true } });
    expect(pidsOf(report.terminated)).toEqual([holder.pid]);
    await done;
    const others = pidsOf([ddl, reader, bystander]);
    expect(await alive([holder.pid, ...others])).toEqual(others);
    expect((await reader.client.query('SELECT more FROM marker')).rows).toHaveLength(1);
  });

  test('a prepared transaction at the head has no session: it is shown as 0 and no session is terminated', async () => {
    const { database, holder, ddl, reader, bystander } = await queue('prepared transaction');
    try {
      const sessions = await listSessions(targetOf(database));
      expect(sessions.find(({ pid }) => pid === ddl.pid)?.blockedBy).toEqual([0]);
      const report = await terminateSessions(targetOf(database), { filter: { rootBlockers: true } });
      expect(report).toMatchObject({ terminated: [], denied: [], remaining: [] });
      expect(await listed(database, { blocking: reader.pid })).toEqual([ddl.pid]);
      const pids = pidsOf([holder, ddl, reader, bystander]);
      expect(await alive(pids)).toEqual(pids);
    } finally {
      await holder.client.query(`ROLLBACK PREPARED '${database}'`);
    }
  });

  test('a session inside the database may ask for tables; one elsewhere is refused instead of guessing', async () => {
    const { database, holder } = await queue();
    const filter = { blockingTable: 'public.marker' };
    const inside = await withClient(serverUrl({ database }), async (client) =>
      terminateSessions(client, { filter, dryRun: true }),
    );
    expect(pidsOf(inside.terminated)).toEqual([holder.pid]);
    const other = await scratch.database();
    await withClient(serverUrl({ database: other }), async (client) => {
      for (const call of [
        terminateSessions(client, { database, filter }),
        listSessions(client, { database, filter }),
      ]) {
        expect(await failureOf(call)).toMatchObject({ code: 'CONFIG_INVALID' });
      }
    });
    expect(await alive([holder.pid])).toEqual([holder.pid]);
  });
});

describe('keep', () => {
  test('a session to keep is never ended, whatever the filter says', async () => {
    const database = await scratch.database();
    const kept = await sessionOn(database, { application: 'pgAdmin 4 - DB:x' });
    const other = await sessionOn(database, { application: 'worker' });
    const keep = [{ application: 'pgAdmin*' }, { user: 'nobody', client: '*' }];
    const target = targetOf(database);
    for (const filter of [{}, { application: 'pgAdmin*' }, { sessions: [kept.pid] }, { state: 'idle' }]) {
      const dry = await terminateSessions(target, { filter, keep, dryRun: true });
      expect(pidsOf(dry.terminated)).not.toContain(kept.pid);
    }
    const sessions = await listSessions(target, { keep });
    expect(sessions.find(({ pid }) => pid === kept.pid)?.canTerminate).toBe(false);
    expect(sessions.find(({ pid }) => pid === other.pid)?.canTerminate).toBe(true);
    const report = await terminateSessions(target, { keep });
    expect(pidsOf(report.terminated)).toEqual([other.pid]);
    expect(await alive([kept.pid, other.pid])).toEqual([kept.pid]);
  });

  test('its query is not cancelled either', async () => {
    const database = await scratch.database();
    const kept = await sessionOn(database, { application: 'backup', kind: 'active' });
    const other = await sessionOn(database, { application: 'report', kind: 'active' });
    await until(async () => (await listed(database, { state: 'active' })).length === 2, 'both queries run');
    const keep = [{ application: 'backup' }];
    const report = await terminateSessions(targetOf(database), { cancel: true, keep });
    expect(pidsOf(report.cancelled ?? [])).toEqual([other.pid]);
    expect(await listed(database, { state: 'active' })).toEqual([kept.pid]);
  });

  // Written in plain JavaScript: with each of these, all sessions or none would be kept.
  test.each<[string, unknown]>([
    ['an empty pattern', [{}]],
    ['a name instead of a pattern', ['pgAdmin*']],
    ['a misspelt field', [{ aplication: 'pgAdmin*' }]],
    ['a field of another kind', [{ application: 5 }]],
    ['no value', [{ application: undefined }]],
    ['a pattern instead of a list', { application: 'pgAdmin*' }],
    ['a text', 'pgAdmin*'],
  ])('%s is refused', async (_what, given) => {
    const database = await scratch.database();
    const keep = given as readonly SessionPattern[];
    const target = targetOf(database);
    for (const attempt of [
      async () => terminateSessions(target, { keep, dryRun: true }),
      async () => listSessions(target, { keep }),
      async () => dropDatabase(target, { keep, dryRun: true }),
    ]) {
      const error = await failureOf(attempt());
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
      expect(error.message).toMatch(/^keep is .*A pattern has user, application, client\.$/s);
    }
  });
});

describe('grace', () => {
  test('returns as soon as the sessions have disconnected, and has terminated none', async () => {
    const database = await scratch.database();
    const session = await sessionOn(database);
    const target = targetOf(database);
    const running = terminateSessions(target, { graceMs: 20_000 });
    await until(async () => (await stillAtWork(target)).length > 0, 'it waits');
    expect(await alive([session.pid])).toEqual([session.pid]);
    await session.close();
    const report = await running;
    expect(report).toMatchObject({ terminated: [], remaining: [] });
    expect(report.durationMs).toBeLessThan(10_000);
    expect(await session.ended).toBeUndefined();
  });

  test('then terminates the remaining sessions', async () => {
    const database = await scratch.database();
    const session = await sessionOn(database);
    const report = await terminateSessions(targetOf(database), { graceMs: 300 });
    expect(report.durationMs).toBeGreaterThanOrEqual(300);
    expect(pidsOf(report.terminated)).toEqual([session.pid]);
    expect(await session.ended).toBe('57P01');
  });

  test('a deadline or an abort during it terminates no session', async () => {
    const database = await scratch.database();
    const session = await sessionOn(database);
    expect(
      await failureOf(terminateSessions(targetOf(database), { graceMs: 20_000, timeoutMs: 400 })),
    ).toMatchObject({ code: 'TIMEOUT' });
    const controller = new AbortController();
    const target = targetOf(database);
    const running = failureOf(terminateSessions(target, { graceMs: 20_000, signal: controller.signal }));
    await until(async () => (await stillAtWork(target)).length > 0, 'it waits');
    controller.abort();
    expect(await running).toMatchObject({ code: 'ABORTED' });
    expect(await alive([session.pid])).toEqual([session.pid]);
  });
});

describe('exactly these sessions', () => {
  test('by the id or the pid that was shown', async () => {
    const database = await scratch.database();
    const sessions = [await sessionOn(database), await sessionOn(database), await sessionOn(database)];
    const [byId, byPid, other] = sessions.map(({ pid }) => pid);
    const shown = await listSessions(targetOf(database));
    const id = shown.find(({ pid }) => pid === byId)?.id ?? '';
    expect(id).toMatch(/^[0-9a-f]+\.[0-9a-f]+$/);
    const report = await terminateSessions(targetOf(database), {
      filter: { sessions: [id, String(byPid)] },
    });
    expect(pidsOf(report.terminated)).toEqual(pidsOf(sessions.slice(0, 2)));
    expect(await alive(pidsOf(sessions))).toEqual([other]);
    // Those that have gone by themselves are no reason to fail.
    expect(await terminateSessions(targetOf(database), { filter: { sessions: [id] } })).toMatchObject({
      terminated: [],
      denied: [],
    });
  });

  test('if the pid of one id belongs to another session now, no session is terminated, not even the others', async () => {
    const database = await scratch.database();
    const sessions = [await sessionOn(database), await sessionOn(database)];
    const shown = await listSessions(targetOf(database));
    const [first, second] = shown.map(({ id }) => id ?? '');
    const stale = `${(Number.parseInt(String(first?.split('.')[0]), 16) - 60).toString(16)}.${String(first?.split('.')[1])}`;
    const error = await failureOf(
      terminateSessions(targetOf(database), { filter: { sessions: [second ?? '', stale] } }),
    );
    expect(error).toMatchObject({ code: 'REFUSED', database });
    expect(error.message).toContain(first);
    expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
  });

  test('a pid or id of another database terminates no session on either', async () => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    const [here, there] = [await sessionOn(database), await sessionOn(elsewhere)];
    const [shown] = await listSessions(targetOf(elsewhere));
    for (const reference of [there.pid, shown?.id ?? '']) {
      const error = await failureOf(
        terminateSessions(targetOf(database), { filter: { sessions: [here.pid, reference] } }),
      );
      expect(error).toMatchObject({ code: 'REFUSED' });
      expect(error.message).toContain(elsewhere);
    }
    expect(await alive(pidsOf([here, there]))).toEqual(pidsOf([here, there]));
  });
});

describe('a role from which the server hides what others do', () => {
  interface Hidden {
    readonly database: string;
    readonly me: string;
    readonly foreign: OpenSession;
    readonly own: OpenSession;
  }

  /** May end others (pg_signal_backend), may not see them (no pg_read_all_stats). */
  async function hidden(): Promise<Hidden> {
    const me = await scratch.role('CREATEDB IN ROLE pg_signal_backend');
    const other = await scratch.role();
    const database = await scratch.database(uniqueName('db'), `OWNER "${me}"`);
    const foreign = await sessionOn(database, { user: other, application: 'job', kind: 'active' });
    const own = await sessionOn(database, { user: me, application: 'job' });
    await until(async () => (await listed(database, { state: 'active' })).length > 0, 'the query runs');
    return { database, me, foreign, own };
  }

  test.each([
    [{ state: '*' }],
    [{ client: '*' }],
    [{ client: '0.0.0.0/0' }],
    [{ backendType: '*' }],
    [{ olderThanMs: 0 }],
  ] as [SessionFilter][])(
    'what is hidden matches nothing, so only what is seen to match is ended: %j',
    async (filter) => {
      const { database, me, foreign, own } = await hidden();
      const report = await terminateSessions(targetOf(database, me), { filter });
      expect(pidsOf(report.terminated)).toEqual([own.pid]);
      expect(await alive([foreign.pid])).toEqual([foreign.pid]);
    },
  );

  test('no query or transaction that it cannot see counts as long', async () => {
    const { database, me, foreign, own } = await hidden();
    for (const filter of [{ queryLongerThanMs: 0 }, { idleInTransactionMs: 0 }]) {
      expect(await terminateSessions(targetOf(database, me), { filter })).toMatchObject({ terminated: [] });
    }
    expect(await alive(pidsOf([foreign, own]))).toEqual(pidsOf([foreign, own]));
  });

  test('user and application are not hidden', async () => {
    const { database, me, foreign, own } = await hidden();
    const report = await terminateSessions(targetOf(database, me), { filter: { application: 'job' } });
    expect(pidsOf(report.terminated)).toEqual(pidsOf([foreign, own]));
    expect(report).toMatchObject({ denied: [], remaining: [] });
  });

  test('a session that might be one to keep is kept', async () => {
    const { database, me, foreign, own } = await hidden();
    const keep = [{ client: '127.0.0.0/8' }];
    const report = await terminateSessions(targetOf(database, me), { keep });
    expect(report).toMatchObject({ terminated: [], denied: [], remaining: [] });
    expect(await alive(pidsOf([foreign, own]))).toEqual(pidsOf([foreign, own]));
  });

  test('lock chains are not hidden', async () => {
    const { database, me, foreign, own } = await hidden();
    const holder = await sessionOn(database);
    await holder.client.query('BEGIN; LOCK TABLE marker');
    const waiting = own.client.query('SELECT * FROM marker').catch(() => undefined);
    await until(async () => (await listed(database, { rootBlockers: true })).length > 0, 'it waits');
    const sessions = await listSessions(targetOf(database, me), { filter: { rootBlockers: true } });
    expect(sessions).toMatchObject([{ pid: holder.pid, state: null, query: null, canTerminate: false }]);
    expect(pidsOf(await listSessions(targetOf(database, me), { filter: { blocking: own.pid } }))).toEqual([
      holder.pid,
    ]);
    await holder.client.query('ROLLBACK');
    await waiting;
    expect(await alive([foreign.pid])).toEqual([foreign.pid]);
  });

  test('an id that cannot be checked is refused', async () => {
    const { database, me, foreign, own } = await hidden();
    const shown = await listSessions(targetOf(database));
    const id = shown.find(({ pid }) => pid === foreign.pid)?.id ?? '';
    const error = await failureOf(
      terminateSessions(targetOf(database, me), { filter: { sessions: [own.pid, id] } }),
    );
    expect(error).toMatchObject({ code: 'REFUSED' });
    expect(await alive(pidsOf([foreign, own]))).toEqual(pidsOf([foreign, own]));
  });
});
