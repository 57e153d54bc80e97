import {
  cloneDatabase,
  diagnose,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  withExclusiveAccess,
  type Target,
} from '@pg-evict/core';
import { startServer, type RunningServer } from '@pg-evict/server';
import { consume, createSlot, type Consumer } from '../../support/replication.js';
import { useSessions } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { serverOptions } from '../../support/server-options.js';
import { ask, databaseExists, serverUrl, uniqueName, until, withClient } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, pidsOf, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const sessionOn = useSessions();

const prepared = async (): Promise<string[]> =>
  (await ask<{ gid: string }>('SELECT gid FROM pg_prepared_xacts')).map(({ gid }) => gid);

async function prepare(database: string, user?: string, gid = uniqueName("it's")): Promise<string> {
  const url = serverUrl({ database, ...(user === undefined ? {} : { user, password: user }) });
  await withClient(url, async (client) =>
    client.query(`BEGIN; SELECT txid_current(); PREPARE TRANSACTION '${gid.replaceAll("'", "''")}'`),
  );
  return gid;
}

async function rollBack(database: string, gid: string): Promise<void> {
  await withClient(serverUrl({ database }), async (client) =>
    client.query(`ROLLBACK PREPARED '${gid.replaceAll("'", "''")}'`),
  );
}

const slots = async (): Promise<string[]> =>
  (await ask<{ slot_name: string }>('SELECT slot_name FROM pg_replication_slots')).map(
    ({ slot_name: name }) => name,
  );

const rollbackPrepared = true;
const withPrepared: Record<string, (target: Target) => Promise<unknown>> = {
  drop: async (target) => dropDatabase(target, { rollbackPrepared }),
  recreate: async (target) => recreateDatabase(target, { rollbackPrepared }),
  rename: async (target) => renameDatabase(target, scratch.newName('to'), { rollbackPrepared }),
  clone: async (target) => cloneDatabase(target, scratch.newName('to'), { rollbackPrepared }),
  swap: async (target) => swapDatabase(target, await scratch.database(), { rollbackPrepared }),
  'swap, as the other side': async ({ connection, database = '' }) =>
    swapDatabase({ connection, database: await scratch.database() }, database, { rollbackPrepared }),
  'exclusive access': async (target) => withExclusiveAccess(target, () => 'had it', { rollbackPrepared }),
};

describe('rolling back prepared transactions', () => {
  test.each(Object.keys(withPrepared))('removes those of the database, and no others: %s', async (name) => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    const gids = new Set([await prepare(database), await prepare(database)]);
    const other = await prepare(elsewhere);
    const session = await sessionOn(database);
    await withPrepared[name]?.(targetOf(database));
    const left = await prepared();
    expect(left).toContain(other);
    expect(left.filter((gid) => gids.has(gid))).toEqual([]);
    expect(await session.ended).toBe('57P01');
    await rollBack(elsewhere, other);
  });

  test('is reported, and only announced by a dry run', async () => {
    const database = await scratch.database();
    const gid = await prepare(database);
    const removed = [{ kind: 'prepared-transaction', name: gid, database }];
    const dry = await dropDatabase(targetOf(database), { rollbackPrepared, dryRun: true });
    expect(dry).toMatchObject({ removed, blockers: [] });
    expect(await prepared()).toContain(gid);
    const report = await dropDatabase(targetOf(database), { rollbackPrepared });
    // Our own session, from inside which it was done, is not among them.
    expect(report).toMatchObject({ removed, terminated: [] });
  });

  test('is in the error of an operation that failed later', async () => {
    const owner = await scratch.role('CREATEDB');
    const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
    const gid = await prepare(database, owner);
    const error = await failureOf(
      dropDatabase(targetOf(database, owner), {
        rollbackPrepared,
        onStep: async (step) => {
          // A superuser comes after it was looked who is there.
          if (step === 'checked') await sessionOn(database);
        },
      }),
    );
    expect(error).toMatchObject({
      code: 'SESSIONS_REMAIN',
      message: expect.stringContaining('was not dropped'),
      blockers: [{ kind: 'session' }],
      removed: [{ kind: 'prepared-transaction', name: gid, database }],
    });
    expect(error.message.endsWith(error.hint ?? 'no hint')).toBe(true);
    expect(await prepared()).not.toContain(gid);
    expect(await databaseExists(database)).toBe(true);
  });

  test('that the role may not roll back: no session is terminated, and the error names the missing privilege', async () => {
    const owner = await scratch.role('CREATEDB');
    const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
    const [own, gid] = [
      await prepare(database, owner, uniqueName('a')),
      await prepare(database, undefined, uniqueName('b')),
    ];
    const session = await sessionOn(database, { user: owner });
    const target = targetOf(database, owner);
    const error = await failureOf(dropDatabase(target, { rollbackPrepared }));
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', terminated: [], removed: [] });
    expect(error.blockers).toMatchObject([{ kind: 'prepared-transaction', name: gid }]);
    expect(error.hint).toContain(`Role "${owner}" may not roll it back. As "postgres" or a superuser`);
    const planned = await dropDatabase(target, { rollbackPrepared, dryRun: true });
    expect(planned).toMatchObject({ blockers: [{ name: gid }], removed: [{ name: own }] });
    expect(await alive([session.pid])).toEqual([session.pid]);
    expect(await prepared()).toEqual(expect.arrayContaining([own, gid]));
    for (const each of [own, gid]) await rollBack(database, each);
  });
});

describe('nothing is removed', () => {
  test('when there is another blocker as well', async () => {
    const database = await scratch.database(uniqueName('db'), 'IS_TEMPLATE true');
    // In this order: a slot is made when the transactions open before it are over, prepared ones included.
    const slot = await createSlot(serverUrl({ database }));
    const gid = await prepare(database);
    const consumer = await consume(serverUrl({ database }), slot);
    const session = await sessionOn(database);
    const target = targetOf(database);
    for (const options of [
      {},
      { rollbackPrepared },
      { rollbackPrepared, dropSlots: true },
      { dropSlots: true, unsetTemplate: true },
      { rollbackPrepared, unsetTemplate: true, dropSubscriptions: true },
    ]) {
      expect(await failureOf(dropDatabase(target, options))).toMatchObject({
        code: 'BLOCKED',
        terminated: [],
      });
    }
    expect(await prepared()).toContain(gid);
    expect(await slots()).toContain(slot);
    expect(await alive(pidsOf([session, consumer]))).toEqual(pidsOf([session, consumer]));
    const report = await dropDatabase(target, { rollbackPrepared, dropSlots: true, unsetTemplate: true });
    expect(report.removed.map(({ kind }) => kind).toSorted()).toEqual([
      'prepared-transaction',
      'replication-slot',
      'template',
    ]);
    await consumer.ended;
    expect(await databaseExists(database)).toBe(false);
    expect(await slots()).not.toContain(slot);
  });

  test('when a session may not be terminated', async () => {
    const owner = await scratch.role('CREATEDB');
    const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
    const gid = await prepare(database, owner);
    const superuser = await sessionOn(database);
    const error = await failureOf(dropDatabase(targetOf(database, owner), { rollbackPrepared }));
    expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [] });
    expect(await prepared()).toContain(gid);
    await superuser.close();
    await until(async () => (await alive([superuser.pid])).length === 0, 'it is gone');
    expect(await dropDatabase(targetOf(database, owner), { rollbackPrepared })).toMatchObject({
      changed: true,
    });
  });
});

test.each(['drop', 'recreate'])(
  'dropping slots ends a consumer that comes back all the time, and leaves the slots of others: %s',
  async (name) => {
    const [database, elsewhere] = [await scratch.database(), await scratch.database()];
    const slot = await createSlot(serverUrl({ database }));
    const other = await createSlot(serverUrl({ database: elsewhere }));
    const otherConsumer = await consume(serverUrl({ database: elsewhere }), other);
    const controller = new AbortController();
    let attempts = 0;
    const first = await consume(serverUrl({ database }), slot);
    const insisting = (async () => {
      await first.ended;
      while (!controller.signal.aborted) {
        attempts += 1;
        await withClient(serverUrl({ database }), async (client) =>
          client.query(
            'SELECT count(*) FROM pg_logical_slot_peek_binary_changes($1, NULL, NULL, $2, $3, $4, $5)',
            [slot, 'proto_version', '1', 'publication_names', 'p'],
          ),
        ).catch(() => undefined);
      }
    })();
    const operate = name === 'drop' ? dropDatabase : recreateDatabase;
    const report = await operate(targetOf(database), { dropSlots: true });
    controller.abort();
    await insisting;
    expect(report).toMatchObject({ changed: true, removed: [{ kind: 'replication-slot', name: slot }] });
    expect(report.leftovers).toEqual([]);
    expect(attempts).toBeGreaterThan(0);
    expect(await slots()).not.toContain(slot);
    expect(await slots()).toContain(other);
    expect(await alive([otherConsumer.pid])).toEqual([otherConsumer.pid]);
    await otherConsumer.close();
  },
);

test('a slot that the role may not drop: its consumer stays, and the error names the missing privilege', async () => {
  const owner = await scratch.role('CREATEDB');
  await ask(`GRANT pg_signal_backend TO "${owner}"`);
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  const slot = await createSlot(serverUrl({ database }));
  const consumer = await consume(serverUrl({ database }), slot);
  const error = await failureOf(recreateDatabase(targetOf(database, owner), { dropSlots: true }));
  expect(error).toMatchObject({ terminated: [], removed: [] });
  expect(error.blockers).toContainEqual(expect.objectContaining({ kind: 'replication-slot', name: slot }));
  expect(error.hint).toContain(`ALTER ROLE ${owner} REPLICATION`.replace(owner, `"${owner}"`));
  expect(await alive([consumer.pid])).toEqual([consumer.pid]);
  await consumer.close();
});

test('a slot that was dropped meanwhile, and is another database’s by now, is left alone, and its consumer', async () => {
  const [database, elsewhere] = [await scratch.database(), await scratch.database()];
  const slot = await createSlot(serverUrl({ database }));
  const first = await consume(serverUrl({ database }), slot);
  let second: Consumer | undefined;
  await dropDatabase(targetOf(database), {
    dropSlots: true,
    onStep: async (step) => {
      if (step !== 'checked') return;
      await first.close();
      await until(async () => (await alive([first.pid])).length === 0, 'the consumer is gone');
      await ask('SELECT pg_drop_replication_slot($1)', [slot]);
      await createSlot(serverUrl({ database: elsewhere }), slot);
      second = await consume(serverUrl({ database: elsewhere }), slot);
    },
  });
  expect(await databaseExists(database)).toBe(false);
  expect(await slots()).toContain(slot);
  expect(await alive([second?.pid ?? 0])).toEqual([second?.pid]);
  await second?.close();
});

test('a template loses its flag only when the caller says so; a recreated one is a template again', async () => {
  const database = await scratch.database(uniqueName('db'), 'IS_TEMPLATE true');
  const flagged = async (): Promise<unknown> =>
    (
      await ask<{ f: boolean }>('SELECT datistemplate AS f FROM pg_database WHERE datname = $1', [database])
    )[0]?.f;
  await recreateDatabase(targetOf(database));
  expect(await flagged()).toBe(true);
  expect(await failureOf(dropDatabase(targetOf(database)))).toMatchObject({ code: 'BLOCKED' });
  expect(await flagged()).toBe(true);
  expect(await dropDatabase(targetOf(database), { unsetTemplate: true })).toMatchObject({
    removed: [{ kind: 'template', name: database }],
  });
});

test('a template that could not be dropped is still a template', async () => {
  const owner = await scratch.role('CREATEDB');
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}" IS_TEMPLATE true`);
  const error = await failureOf(
    dropDatabase(targetOf(database, owner), {
      unsetTemplate: true,
      onStep: async (step) => {
        // A superuser comes after it was looked who is there.
        if (step === 'checked') await sessionOn(database);
      },
    }),
  );
  expect(error).toMatchObject({ code: 'SESSIONS_REMAIN', terminated: [], removed: [] });
  expect(await ask('SELECT datistemplate FROM pg_database WHERE datname = $1', [database])).toEqual([
    { datistemplate: true },
  ]);
});

describe('a subscription between two servers', () => {
  let publisher: RunningServer;
  beforeAll(async () => {
    publisher = await startServer(serverOptions());
  });
  afterAll(async () => publisher.stop());

  test('blocks the subscriber’s side and, through its slot, the publisher’s; each goes only when asked', async () => {
    const subscriber = await scratch.database();
    const { host, port, user, password } = publisher;
    const publisherUrl = (database: string): string =>
      `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
    await withClient(publisher.url, async (client) => client.query('CREATE DATABASE source'));
    await withClient(publisherUrl('source'), async (client) =>
      client.query('CREATE TABLE t (a int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t'),
    );
    await withClient(serverUrl({ database: subscriber }), async (client) => {
      await client.query('CREATE TABLE t (a int PRIMARY KEY)');
      await client.query(
        `CREATE SUBSCRIPTION "${subscriber}" CONNECTION 'host=${host} port=${port} user=${user} password=${password} dbname=source' PUBLICATION p`,
      );
    });
    await withClient(publisherUrl('source'), async (client) => client.query('INSERT INTO t VALUES (1)'));
    await until(
      async () =>
        withClient(
          serverUrl({ database: subscriber }),
          async (client) => (await client.query('SELECT FROM t')).rows.length === 1,
        ),
      'the row has arrived',
    );
    const source = targetOf('source', undefined, publisher.url);
    const [session, target] = [await sessionOn(subscriber), targetOf(subscriber)];

    expect(await failureOf(dropDatabase(source))).toMatchObject({
      code: 'BLOCKED',
      blockers: [{ kind: 'replication-slot', name: subscriber }],
    });
    for (const operate of [dropDatabase, recreateDatabase]) {
      expect(await failureOf(operate(target, { dropSlots: true, rollbackPrepared }))).toMatchObject({
        code: 'BLOCKED',
        terminated: [],
        blockers: [{ kind: 'subscription', name: subscriber }],
      });
    }
    expect(await alive([session.pid])).toEqual([session.pid]);
    // The subscription goes along under another name: its worker is named, ended, and comes back.
    const { blockers } = await diagnose(target);
    const worker = blockers.find(({ kind }) => kind === 'background-worker');
    expect(worker?.session?.backendType).toContain('logical replication');
    const renamed = scratch.forget(`${subscriber}_2`);
    const { terminated } = await renameDatabase(target, renamed);
    expect(pidsOf(terminated)).toEqual(pidsOf([session, { pid: Number(worker?.name) }]));
    await withClient(publisherUrl('source'), async (client) => client.query('INSERT INTO t VALUES (2)'));
    await until(
      async () =>
        withClient(
          serverUrl({ database: renamed }),
          async (client) => (await client.query('SELECT FROM t')).rows.length === 2,
        ),
      'the row after the rename has arrived',
    );
    const report = await dropDatabase(targetOf(renamed), { dropSubscriptions: true });
    expect(report.removed).toMatchObject([{ kind: 'subscription', name: subscriber }]);
    expect(await databaseExists(renamed)).toBe(false);

    // Its slot stays on the publisher, and is announced before it goes.
    await until(
      async () =>
        withClient(publisher.url, async (client) => {
          const { rows } = await client.query('SELECT FROM pg_replication_slots WHERE NOT active');
          return rows.length === 1;
        }),
      'the slot is not in use any more',
    );
    expect(await dropDatabase(source)).toMatchObject({
      removed: [{ kind: 'replication-slot', name: subscriber }],
    });
  });

  test('that another session is changing is left whole at the deadline, the error names that session, and nothing runs on afterwards', async () => {
    const database = await scratch.database();
    await withClient(serverUrl({ database }), async (client) =>
      client.query(
        `CREATE SUBSCRIPTION "${database}" CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = 'kept')`,
      ),
    );
    const subscription = async (): Promise<unknown> =>
      ask('SELECT subenabled, subslotname FROM pg_subscription WHERE subname = $1', [database]);
    const before = await subscription();
    const session = await sessionOn(database);
    await session.client.query(
      `BEGIN; ALTER SUBSCRIPTION "${database}" SET PUBLICATION q WITH (refresh = false)`,
    );
    const target = targetOf(database);
    const error = await failureOf(dropDatabase(target, { dropSubscriptions: true, timeoutMs: 8000 }));
    expect(error).toMatchObject({
      code: 'BLOCKED',
      terminated: [],
      blockers: [{ kind: 'lock', name: String(session.pid) }],
    });
    expect(await stillAtWork(target)).toEqual([]);
    const controller = new AbortController();
    const aborted = failureOf(dropDatabase(target, { dropSubscriptions: true, signal: controller.signal }));
    await until(
      async () => (await stillAtWork(target)).some(({ query }) => query.includes('DROP SUBSCRIPTION')),
      'it waits',
    );
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'ABORTED' });
    expect(await stillAtWork(target)).toEqual([]);
    await session.client.query('ROLLBACK');
    expect(await subscription()).toEqual(before);
    expect(await dropDatabase(target, { dropSubscriptions: true })).toMatchObject({ changed: true });
  });

  test('an owner that may not drop it gets an error, and no session is terminated', async () => {
    const owner = await scratch.role('CREATEDB');
    const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
    await withClient(serverUrl({ database }), async (client) =>
      client.query(
        `CREATE SUBSCRIPTION "${database}" CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)`,
      ),
    );
    const session = await sessionOn(database, { user: owner });
    const error = await failureOf(dropDatabase(targetOf(database, owner), { dropSubscriptions: true }));
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', terminated: [] });
    expect(await alive([session.pid])).toEqual([session.pid]);
    expect(await markerOf(database)).toBe('old');
    expect(await dropDatabase(targetOf(database), { dropSubscriptions: true })).toMatchObject({
      changed: true,
    });
  });
});
