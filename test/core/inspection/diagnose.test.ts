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
import { consume, createSlot } from '../../support/replication.js';
import { useSessions } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, pidsOf, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const sessionOn = useSessions();

const operations: Record<string, (target: Target) => Promise<unknown>> = {
  drop: async (target) => dropDatabase(target),
  recreate: async (target) => recreateDatabase(target),
  rename: async (target) => renameDatabase(target, scratch.newName('to')),
  clone: async (target) => cloneDatabase(target, scratch.newName('to')),
  swap: async (target) => swapDatabase(target, await scratch.database()),
  'exclusive access': async (target) => withExclusiveAccess(target, () => 'had it'),
};

/** Refused at once with what diagnose names, and nobody is ended. */
async function expectForeseen(names: readonly string[], database: string, kind: string): Promise<void> {
  const sessions = [await sessionOn(database), await sessionOn(database, { kind: 'idle in transaction' })];
  const { standing } = await diagnose(targetOf(database));
  expect(standing.map((blocker) => blocker.kind)).toContain(kind);
  for (const name of names) {
    const startedAt = performance.now();
    const error = await failureOf(operations[name]?.(targetOf(database)) ?? Promise.resolve());
    const tookMs = performance.now() - startedAt;
    expect([name, error]).toMatchObject([name, { code: 'BLOCKED', terminated: [] }]);
    expect(error.blockers.map((blocker) => blocker.kind)).toContain(kind);
    expect(error.hint).toBe(error.blockers.map(({ remedy }) => remedy).join(' '));
    // PostgreSQL itself takes 5 s to find out.
    expect(tookMs).toBeLessThan(5000);
  }
  expect(await alive(pidsOf(sessions))).toEqual(pidsOf(sessions));
}

test('sessions are named, those that an operation ends by itself apart from those that stand', async () => {
  const owner = await scratch.role('CREATEDB');
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  const own = await sessionOn(database, { user: owner });
  const superuser = await sessionOn(database);
  const diagnosis = await diagnose(targetOf(database, owner));
  expect(diagnosis.database).toBe(database);
  expect(diagnosis.standing).toMatchObject([{ kind: 'session', name: String(superuser.pid) }]);
  expect(diagnosis.standing[0]?.remedy).toContain('superuser');
  expect(diagnosis.blockers.map(({ name }) => name).toSorted()).toEqual(
    [own.pid, superuser.pid].map(String).toSorted(),
  );
  expect((await diagnose(targetOf(database))).standing).toEqual([]);
  const kept = await diagnose(targetOf(database), { keep: [{ user: owner }] });
  expect(kept.standing).toMatchObject([{ kind: 'session', name: String(own.pid) }]);
});

test('without blockers there is nothing to report; a missing database is named', async () => {
  const database = await scratch.database();
  expect(await diagnose(targetOf(database))).toEqual({ database, blockers: [], standing: [] });
  expect(await failureOf(diagnose(targetOf(uniqueName('missing'))))).toMatchObject({
    code: 'DATABASE_NOT_FOUND',
  });
});

test('a prepared transaction', async () => {
  const database = await scratch.database();
  const session = await sessionOn(database);
  await session.client.query(`BEGIN; CREATE TABLE t (); PREPARE TRANSACTION '${database}'`);
  await expectForeseen(Object.keys(operations), database, 'prepared-transaction');
  await session.client.query(`ROLLBACK PREPARED '${database}'`);
  expect((await diagnose(targetOf(database))).standing).toEqual([]);
});

test('a logical slot in use, with its consumer; not in use, it is announced before a drop takes it along', async () => {
  const database = await scratch.database();
  const slot = await createSlot(serverUrl({ database }));
  const consumer = await consume(serverUrl({ database }), slot);
  const { standing } = await diagnose(targetOf(database));
  expect(standing).toMatchObject([{ kind: 'replication-slot', name: slot }]);
  expect(standing[0]?.detail).toContain(String(consumer.pid));
  await expectForeseen(['drop', 'recreate'], database, 'replication-slot');
  expect(await alive([consumer.pid])).toEqual([consumer.pid]);
  await consumer.close();
  for (let gone = false; !gone;) {
    gone = (await diagnose(targetOf(database))).standing.length === 0;
  }
  const { blockers } = await diagnose(targetOf(database));
  expect(blockers).toContainEqual(expect.objectContaining({ kind: 'replication-slot', name: slot }));
  const announced = [{ kind: 'replication-slot', name: slot }];
  expect(await dropDatabase(targetOf(database), { dryRun: true })).toMatchObject({ removed: announced });
  expect(await ask('SELECT FROM pg_replication_slots WHERE slot_name = $1', [slot])).toHaveLength(1);
  expect(await dropDatabase(targetOf(database))).toMatchObject({ removed: announced });
  expect(await ask('SELECT FROM pg_replication_slots WHERE slot_name = $1', [slot])).toEqual([]);
});

test('a recreate says which inactive slot went with the old database', async () => {
  const database = await scratch.database();
  const slot = await createSlot(serverUrl({ database }));
  expect(await recreateDatabase(targetOf(database))).toMatchObject({
    removed: [{ kind: 'replication-slot', name: slot }],
    leftovers: [],
  });
});

test('a subscription', async () => {
  const database = await scratch.database();
  const session = await sessionOn(database);
  await session.client.query(
    `CREATE SUBSCRIPTION "${database}" CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)`,
  );
  await expectForeseen(['drop', 'recreate'], database, 'subscription');
  await session.client.query(
    `ALTER SUBSCRIPTION "${database}" SET (slot_name = NONE); DROP SUBSCRIPTION "${database}"`,
  );
  expect((await diagnose(targetOf(database))).standing).toEqual([]);
});

test('a template, with the statement that removes the mark', async () => {
  const database = await scratch.database(uniqueName('Tem"plate'), 'IS_TEMPLATE true');
  await expectForeseen(['drop'], database, 'template');
  const { standing } = await diagnose(targetOf(database));
  await ask(String(standing[0]?.remedy.split(';')[0]));
  expect(await dropDatabase(targetOf(database))).toMatchObject({ changed: true });
});

describe('an invalid database', () => {
  const invalid = async (): Promise<string> => {
    const database = await scratch.database();
    await ask('UPDATE pg_database SET datconnlimit = -2 WHERE datname = $1', [database]);
    return database;
  };

  test('is named with its remedy, and an option that cannot work is refused', async () => {
    const database = await invalid();
    const { standing } = await diagnose(targetOf(database));
    expect(standing).toMatchObject([{ kind: 'invalid-database', name: database }]);
    for (const name of ['clone', 'exclusive access']) {
      const error = await failureOf(operations[name]?.(targetOf(database)) ?? Promise.resolve());
      expect([name, error]).toMatchObject([
        name,
        { code: 'BLOCKED', blockers: [{ kind: 'invalid-database' }] },
      ]);
    }
    expect(await dropDatabase(targetOf(database))).toMatchObject({ changed: true });
    expect(await databaseExists(database)).toBe(false);
  });

  test('is made whole by a recreate', async () => {
    const database = await invalid();
    expect(await recreateDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
    expect((await diagnose(targetOf(database))).standing).toEqual([]);
    await (await sessionOn(database)).close();
  });
});

test.each([
  ['COMMENT', (database: string) => `COMMENT ON DATABASE "${database}" IS 'x'`],
  [
    'ALTER DATABASE … CONNECTION LIMIT',
    (database: string) => `ALTER DATABASE "${database}" CONNECTION LIMIT 9`,
  ],
  ['ALTER DATABASE … OWNER', (database: string) => `ALTER DATABASE "${database}" OWNER TO pg_monitor`],
  ['GRANT', (database: string) => `GRANT CONNECT ON DATABASE "${database}" TO pg_monitor`],
])('an uncommitted %s of a session on another database', async (_, statement) => {
  const database = await scratch.database();
  const holder = await sessionOn();
  await holder.client.query(`BEGIN; ${statement(database)}`);
  const { standing } = await diagnose(targetOf(database));
  expect(standing).toMatchObject([{ kind: 'lock', name: String(holder.pid), database }]);
  expect(standing[0]?.remedy).toContain(`pg_terminate_backend(${holder.pid})`);
  const error = await failureOf(dropDatabase(targetOf(database), { timeoutMs: 4000 }));
  expect(error).toMatchObject({ code: 'BLOCKED', blockers: [{ kind: 'lock', name: String(holder.pid) }] });
  await holder.client.query('ROLLBACK');
  expect((await diagnose(targetOf(database))).standing).toEqual([]);
});
