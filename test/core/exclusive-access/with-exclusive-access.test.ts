import {
  cloneDatabase,
  createDatabase,
  diagnose,
  dropDatabase,
  protectDatabase,
  recreateDatabase,
  renameDatabase,
  repairDatabase,
  swapDatabase,
  terminateSessions,
  unprotectDatabase,
  withExclusiveAccess,
  type OperationOptions,
  type Target,
} from '@pg-evict/core';
import { Client } from 'pg';
import { ReconnectingClients } from '../../support/reconnecting-clients.js';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, serverUrl, uniqueName, until, withClient } from '../../support/server.js';
import { databaseFacts } from '../../support/core/database-facts.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, pidsOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { expectGivenBack } from '../../support/core/marker.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

/** A connection attempt's SQLSTATE, or undefined if it got in. */
async function refusal(url: string): Promise<string | undefined> {
  return withClient(url, async () => undefined).catch((error: { code?: string }) => error.code);
}

test('no other client connects while the callback runs, against 20 superuser clients that keep reconnecting', async () => {
  const database = await scratch.database();
  const crowd = new ReconnectingClients(serverUrl({ database }), 20);
  await until(async () => crowd.statistics.connected >= 20, 'the crowd is there');
  const intruders: unknown[] = [];
  let looks = 0;
  try {
    const { value: before } = await withExclusiveAccess(targetOf(database), async (access) => {
      const own = new Client(access.connection);
      await own.connect();
      await withClient(serverUrl(), async (watcher) => {
        const endsAt = Date.now() + 2000;
        while (looks < 100 || Date.now() < endsAt) {
          const { rows } = await watcher.query(
            `SELECT datname, application_name, state FROM pg_stat_activity
             WHERE datname = ANY ($1) AND pid <> ALL (
               SELECT pid FROM pg_stat_activity WHERE datname = $2 AND application_name NOT LIKE 'reconnecting')`,
            [[database, access.database], access.database],
          );
          intruders.push(...rows);
          looks += 1;
        }
      });
      await own.query(`UPDATE marker SET content = 'restored'`);
      await own.end();
      expect(access.terminated.length).toBeGreaterThanOrEqual(20);
      expect(new Set(access.terminated.map(({ pid }) => pid)).size).toBe(access.terminated.length);
      return crowd.statistics.connected;
    });
    expect(intruders).toEqual([]);
    await until(async () => crowd.statistics.connected >= before + 20, 'the crowd is back');
  } finally {
    await crowd.stop();
  }
  const { failures } = crowd.statistics;
  expect(failures['55000']).toBeGreaterThan(0);
  expect(failures['57P01']).toBeGreaterThanOrEqual(20);
  const known = new Set(['55000', '57P01', '3D000', 'Connection terminated unexpectedly']);
  expect(Object.keys(failures).filter((code) => !known.has(code))).toEqual([]);
  await expectGivenBack(database, 'restored');
});

test('again and again, against clients that reconnect', async () => {
  const database = await scratch.database();
  const crowd = new ReconnectingClients(serverUrl({ database }), 20);
  for (let round = 1; round <= 10; round += 1) {
    const content = `round ${round}`;
    await withExclusiveAccess(targetOf(database), async ({ url }) =>
      withClient(url, async (client) => client.query('UPDATE marker SET content = $1', [content])),
    );
    expect(await privateDatabasesFor(database)).toEqual([]);
  }
  await crowd.stop();
  await expectGivenBack(database, 'round 10');
});

test('an exception of the callback is thrown unchanged, and the database is given back', async () => {
  const database = await scratch.database();
  for (const thrown of [new Error('mine'), undefined, 'text']) {
    const outcome: unknown = await withExclusiveAccess(targetOf(database), async () =>
      Promise.reject(thrown as Error),
    ).catch((error: unknown) => ({ error }));
    expect((outcome as { error: unknown }).error).toBe(thrown);
    await expectGivenBack(database);
  }
});

test('the result of the callback is returned, and the database is the same one as before', async () => {
  const database = await scratch.database();
  await ask(
    `ALTER DATABASE "${database}" SET work_mem = '5MB'; ALTER DATABASE "${database}" CONNECTION LIMIT 7;
     COMMENT ON DATABASE "${database}" IS 'mine'; GRANT CREATE ON DATABASE "${database}" TO PUBLIC`,
  );
  const oid = async (): Promise<unknown> => ask('SELECT oid FROM pg_database WHERE datname = $1', [database]);
  const before = [await databaseFacts(database), await oid()];
  expect(await withExclusiveAccess(targetOf(database), async () => 42)).toMatchObject({ value: 42 });
  expect([await databaseFacts(database), await oid()]).toEqual(before);
});

test('sessions that the callback leaves are terminated', async () => {
  const database = await scratch.database();
  const left: Awaited<ReturnType<typeof openSession>>[] = [];
  await withExclusiveAccess(targetOf(database), async ({ url }) => {
    left.push(await openSession(url, 'idle in transaction'), await openSession(url, 'active'));
  });
  expect(await Promise.all(left.map(async ({ ended }) => ended))).toEqual(['57P01', '57P01']);
  await expectGivenBack(database);
});

test('a prepared transaction that the callback leaves is named with its remedy; the next operation restores the name', async () => {
  const database = await scratch.database();
  const target = targetOf(database);
  const error = await failureOf(
    withExclusiveAccess(target, async ({ url }) =>
      withClient(url, async (client) =>
        client.query(`BEGIN; UPDATE marker SET content = 'lost'; PREPARE TRANSACTION '${database}'`),
      ),
    ),
  );
  expect(error).toMatchObject({ code: 'BLOCKED', blockers: [{ kind: 'prepared-transaction' }] });
  const [held] = await privateDatabasesFor(database);
  expect(error.message).toContain(held);
  await withClient(serverUrl({ database: held ?? '' }), async (client) =>
    client.query(`ROLLBACK PREPARED '${database}'`),
  );
  await renameDatabase(target, scratch.forget(`${database}_2`));
  await expectGivenBack(`${database}_2`);
});

test('an abort reaches the callback; the database is given back when it has returned', async () => {
  const database = await scratch.database();
  const controller = new AbortController();
  const { value } = await withExclusiveAccess(
    targetOf(database),
    async ({ signal }) => {
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      controller.abort();
      await aborted;
      return 'returned';
    },
    { signal: controller.signal },
  );
  expect(value).toBe('returned');
  await expectGivenBack(database);
  const callback = jest.fn();
  const error = await failureOf(
    withExclusiveAccess(targetOf(database), callback, { signal: AbortSignal.abort() }),
  );
  expect(error).toMatchObject({ code: 'ABORTED' });
  expect(callback).not.toHaveBeenCalled();
  await expectGivenBack(database);
});

test('an owner without superuser has exclusive access, superusers included', async () => {
  const owner = await scratch.role('CREATEDB');
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  await withClient(serverUrl({ database }), async (client) =>
    client.query(`ALTER TABLE marker OWNER TO "${owner}"`),
  );
  const before = await databaseFacts(database);
  await withExclusiveAccess(targetOf(database, owner), async ({ url, connection }) => {
    expect(await refusal(serverUrl({ database }))).toBe('55000');
    expect(await refusal(serverUrl({ database, user: owner, password: owner }))).toBe('55000');
    expect(connection).toMatchObject({ user: owner });
    await withClient(url, async (client) => {
      const { rows } = await client.query('SELECT current_user AS me');
      expect(rows).toEqual([{ me: owner }]);
      await client.query(`UPDATE marker SET content = 'owned'`);
    });
  });
  expect(await databaseFacts(database)).toEqual(before);
  await expectGivenBack(database, 'owned');
});

test.each([
  ['a role that may not create databases', '', 'PERMISSION_DENIED'],
  ['a session of another role', 'CREATEDB', 'SESSIONS_REMAIN'],
])(
  'an operation that cannot succeed is refused before any session is terminated: %s',
  async (_, options, code) => {
    const [owner, other] = [await scratch.role(options), await scratch.role()];
    const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
    const sessions = [
      await openSession(serverUrl({ database, user: owner, password: owner })),
      await openSession(serverUrl({ database, user: other, password: other })),
    ];
    const callback = jest.fn();
    expect(await failureOf(withExclusiveAccess(targetOf(database, owner), callback))).toMatchObject({
      code,
      terminated: [],
    });
    expect(callback).not.toHaveBeenCalled();
    expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
    await Promise.all(sessions.map(async (session) => session.close()));
    await expectGivenBack(database);
  },
);

test.each(['connected', 'checked', 'created', 'swapped', 'returned'])(
  'an observer that throws ends it cleanly: at "%s"',
  async (step) => {
    const database = await scratch.database();
    const outcome: unknown = await withExclusiveAccess(targetOf(database), () => 'done', {
      onStep: (reached) => {
        if (reached === step) throw new Error('no further');
      },
    }).catch((error: unknown) => error);
    expect(String(outcome)).toContain('no further');
    await expectGivenBack(database);
  },
);

test('giving back has time of its own: it waits longer than the access could have taken', async () => {
  const database = await scratch.database();
  const target = targetOf(database);
  const other = await openSession(serverUrl());
  const timeoutMs = 2000;
  const running = withExclusiveAccess(
    target,
    async (access) => {
      await other.client.query(`BEGIN; ALTER DATABASE "${access.database}" CONNECTION LIMIT 9`);
    },
    { timeoutMs },
  );
  await until(async () => {
    const rows = await ask(
      `SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'
         AND query_start < clock_timestamp() - $2 * interval '1 ms'`,
      [target.connection.application_name, timeoutMs + 500],
    );
    return rows.length > 0;
  }, 'it has waited longer than that');
  await other.client.query('ROLLBACK');
  expect(await running).toMatchObject({ changed: true, leftovers: [] });
  await other.close();
  await expectGivenBack(database);
});

test('the report lists the terminated sessions and the removed objects, and so does the argument of the callback', async () => {
  const database = await scratch.database();
  const session = await openSession(serverUrl({ database }));
  const gid = uniqueName('gid');
  await withClient(serverUrl({ database }), async (client) =>
    client.query(`BEGIN; CREATE TABLE t (); PREPARE TRANSACTION '${gid}'`),
  );
  const expected = {
    terminated: [{ pid: session.pid }],
    removed: [{ kind: 'prepared-transaction', name: gid }],
  };
  const report = await withExclusiveAccess(
    targetOf(database),
    ({ terminated, removed, url }) => {
      expect({ terminated, removed }).toMatchObject(expected);
      return withClient(url, async () => 'had it');
    },
    { rollbackPrepared: true },
  );
  expect(report).toMatchObject({
    command: 'run',
    database,
    changed: true,
    value: 'had it',
    denied: [],
    blockers: [],
    leftovers: [],
    dryRun: false,
    ...expected,
  });
});

test('a dry run calls no callback and changes nothing; it reports the planned actions and the blockers', async () => {
  const owner = await scratch.role('CREATEDB');
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  const [own, superuser] = [
    await openSession(serverUrl({ database, user: owner, password: owner })),
    await openSession(serverUrl({ database })),
  ];
  const gid = uniqueName('gid');
  await withClient(serverUrl({ database }), async (client) =>
    client.query(`BEGIN; CREATE TABLE t (); PREPARE TRANSACTION '${gid}'`),
  );
  const callback = jest.fn();
  const report = await withExclusiveAccess(targetOf(database, owner), callback, { dryRun: true });
  expect(report).toMatchObject({
    changed: true,
    dryRun: true,
    value: undefined,
    terminated: [{ pid: own.pid }],
    denied: [{ session: { pid: superuser.pid } }],
    blockers: [
      { kind: 'prepared-transaction', name: gid },
      { kind: 'session', name: String(superuser.pid) },
    ],
    removed: [],
  });
  const remedied = await withExclusiveAccess(targetOf(database), callback, {
    dryRun: true,
    rollbackPrepared: true,
  });
  expect(remedied).toMatchObject({ blockers: [], removed: [{ name: gid }] });
  expect(callback).not.toHaveBeenCalled();
  expect(await alive(pidsOf([own, superuser]))).toEqual(pidsOf([own, superuser]));
  await Promise.all([own.close(), superuser.close()]);
  await withClient(serverUrl({ database }), async (client) => client.query(`ROLLBACK PREPARED '${gid}'`));
  await expectGivenBack(database);
});

test('an exception of the callback is not lost if giving the database back fails as well', async () => {
  const database = await scratch.database();
  const thrown = new Error('mine');
  const error = await failureOf(
    withExclusiveAccess(targetOf(database), async ({ url }) => {
      await withClient(url, async (client) =>
        client.query(`BEGIN; CREATE TABLE t (); PREPARE TRANSACTION '${database}'`),
      );
      throw thrown;
    }),
  );
  expect(error).toMatchObject({ code: 'BLOCKED', blockers: [{ kind: 'prepared-transaction' }] });
  expect((error.cause as AggregateError).errors).toContain(thrown);
  const [held = ''] = await privateDatabasesFor(database);
  await withClient(serverUrl({ database: held }), async (client) =>
    client.query(`ROLLBACK PREPARED '${database}'`),
  );
  expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
  await expectGivenBack(database);
});

type Operate = (target: Target, second: string, options?: OperationOptions) => Promise<unknown>;
const operations: Record<string, Operate> = {
  drop: async (target, _, options) => dropDatabase(target, { unsetTemplate: true, ...options }),
  rename: async (target, _, options) => renameDatabase(target, scratch.newName('to'), options),
  clone: async (target, _, options) => cloneDatabase(target, scratch.newName('to'), options),
  'clone with settings': async (target, _, options) =>
    cloneDatabase(target, scratch.newName('to'), { keepSettings: true, ...options }),
  recreate: async (target, _, options) => recreateDatabase(target, options),
  swap: async (target, second, options) => swapDatabase(target, second, options),
  'swap, as the other side': async ({ connection, database = '' }, second, options) =>
    swapDatabase({ connection, database: second }, database, options),
  'create from it': async ({ connection, database }, _, options) =>
    createDatabase({ connection, database: scratch.newName('to') }, { template: database, ...options }),
  'recreate from it': async ({ connection, database }, second, options) =>
    recreateDatabase({ connection, database: second }, { template: database, ...options }),
  'exclusive access': async (target, _, options) =>
    withExclusiveAccess(target, () => 'had it', { ...options }),
};

describe('while somebody has the database exclusively', () => {
  test('every operation refuses, and the callback is not disturbed', async () => {
    const [database, second] = [await scratch.database(), await scratch.database()];
    await withExclusiveAccess(targetOf(database), async ({ url }) => {
      const session = await openSession(url);
      for (const [name, operate] of Object.entries(operations)) {
        const error = await failureOf(operate(targetOf(database), second));
        expect([name, error]).toMatchObject([
          name,
          { code: 'BLOCKED', terminated: [], blockers: [{ kind: 'lock', name: database }] },
        ]);
      }
      for (const call of [protectDatabase(targetOf(database), 'x'), unprotectDatabase(targetOf(database))]) {
        expect(await failureOf(call)).toMatchObject({ code: 'BLOCKED' });
      }
      expect(await terminateSessions(targetOf(database))).toMatchObject({ terminated: [] });
      const { standing } = await diagnose(targetOf(database));
      expect(standing).toMatchObject([{ kind: 'lock', name: database }]);
      expect(await alive([session.pid])).toEqual([session.pid]);
      expect(await markerOf(second)).toBe('old');
      await session.close();
    });
    await expectGivenBack(database);
  });

  test('the placeholder is not dropped by hand', async () => {
    const database = await scratch.database();
    await withExclusiveAccess(targetOf(database), async () => {
      await expect(ask(`DROP DATABASE "${database}" WITH (FORCE)`)).rejects.toMatchObject({ code: '42809' });
    });
    await expectGivenBack(database);
  });

  test.each(Object.keys(operations))(
    'an operation that had checked before does not take the placeholder for the database: %s',
    async (name) => {
      const [database, second] = [await scratch.database(), await scratch.database()];
      let inside: () => void = () => undefined;
      const entered = new Promise<void>((resolve) => (inside = resolve));
      let leave: () => void = () => undefined;
      const left = new Promise<void>((resolve) => (leave = resolve));
      let holder: Promise<unknown> = Promise.resolve();
      const running = failureOf(
        Promise.resolve(
          operations[name]?.(targetOf(database), second, {
            onStep: async (step) => {
              if (step !== 'checked') return;
              holder = withExclusiveAccess(targetOf(database), async () => {
                inside();
                await left;
              });
              await entered;
            },
          }),
        ),
      );
      const error = await running.finally(leave);
      await holder;
      expect(error).toMatchObject({ code: 'BLOCKED', blockers: [{ kind: 'lock', name: database }] });
      await expectGivenBack(database);
      await expectGivenBack(second);
    },
  );
});
