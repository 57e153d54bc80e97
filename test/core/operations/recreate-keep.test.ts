import { findLeftovers, listRelations, recreateDatabase } from '@pg-evict/core';
import { consume, createSlot } from '../../support/replication.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, pidsOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const oidOf = async (database: string): Promise<number | undefined> => {
  const rows = await ask<{ oid: number }>('SELECT oid FROM pg_database WHERE datname = $1', [database]);
  return rows[0]?.oid;
};

describe('recreateDatabase with keepOldAs', () => {
  test('the old database itself, not a copy, has the other name, and there is no leftover', async () => {
    const database = await scratch.database();
    const keepOldAs = scratch.newName('Ålt "kept"');
    await ask(`COMMENT ON DATABASE ${quote(database)} IS 'mine'`);
    const oid = await oidOf(database);
    const session = await openSession(serverUrl({ database }));
    const report = await recreateDatabase(targetOf(database), { keepOldAs });
    expect(report).toMatchObject({ changed: true, keptAs: keepOldAs, leftovers: [], removed: [] });
    expect(pidsOf(report.terminated)).toEqual([session.pid]);
    expect([await markerOf(database), await markerOf(keepOldAs)]).toEqual([undefined, 'old']);
    expect(await oidOf(keepOldAs)).toBe(oid);
    expect(await privateDatabasesFor(database)).toEqual([]);
    const leftovers = await findLeftovers(targetOf(database));
    expect(leftovers.map((leftover) => leftover.database)).not.toContain(keepOldAs);
    // The next one does not take it for something to be tidied up.
    await recreateDatabase(targetOf(database));
    expect(await markerOf(keepOldAs)).toBe('old');
  });

  test('a replication slot in use does not stand in the way, and stays with the old database', async () => {
    const database = await scratch.database();
    const url = serverUrl({ database });
    const slot = await createSlot(url);
    const consumer = await consume(url, slot);
    expect(await failureOf(recreateDatabase(targetOf(database)))).toMatchObject({ code: 'BLOCKED' });
    const keepOldAs = scratch.newName('kept');
    const report = await recreateDatabase(targetOf(database), { keepOldAs });
    await consumer.ended;
    const slots = await ask('SELECT database FROM pg_replication_slots WHERE slot_name = $1', [slot]);
    await ask('SELECT pg_drop_replication_slot($1)', [slot]);
    expect(report).toMatchObject({ keptAs: keepOldAs, removed: [] });
    expect(slots).toEqual([{ database: keepOldAs }]);
  });

  test.each([
    ['that exists', 'DATABASE_EXISTS', async () => scratch.database()],
    ['of pg-evict itself', 'CONFIG_INVALID', () => 'pg_evict_old_0123456789_1_a'],
    ['that is too long', 'CONFIG_INVALID', () => 'ö'.repeat(32)],
    ['of the server itself', 'PROTECTED', () => 'template1'],
  ])('a name %s is refused (%s) and no session is terminated', async (_what, code, name) => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const keepOldAs = await name();
    for (const dryRun of [true, false]) {
      const error = await failureOf(recreateDatabase(targetOf(database), { keepOldAs, dryRun }));
      expect(error).toMatchObject({ code, database: keepOldAs });
    }
    expect(await alive([session.pid])).toEqual([session.pid]);
    expect(await markerOf(database)).toBe('old');
    await session.close();
  });

  test('the database cannot be kept under its own name', async () => {
    const database = await scratch.database();
    expect(await failureOf(recreateDatabase(targetOf(database), { keepOldAs: database }))).toMatchObject({
      code: 'DATABASE_EXISTS',
    });
    expect(await markerOf(database)).toBe('old');
  });

  test('if another client takes the name in between, the old database stays, and nothing of the new one does', async () => {
    const database = await scratch.database();
    const keepOldAs = uniqueName('taken');
    const error = await failureOf(
      recreateDatabase(targetOf(database), {
        keepOldAs,
        fill: async () => {
          await scratch.database(keepOldAs);
        },
      }),
    );
    expect(error.code).toBe('DATABASE_EXISTS');
    expect(await markerOf(database)).toBe('old');
    expect(await privateDatabasesFor(database)).toEqual([]);
  });

  test('if there is no old database, none is kept', async () => {
    const database = scratch.newName('new');
    const keepOldAs = uniqueName('kept');
    const report = await recreateDatabase(targetOf(database), { keepOldAs, ifNotExists: true });
    expect(report.keptAs).toBeUndefined();
    expect(await databaseExists(keepOldAs)).toBe(false);
  });
});

test('listRelations lists tables, views and sequences, to a role that may read none of them', async () => {
  const database = await scratch.database();
  const role = await scratch.role();
  await withClient(serverUrl({ database }), async (client) =>
    client.query(
      `CREATE SCHEMA "Of mine"; CREATE TABLE "Of mine"."two words" (id serial PRIMARY KEY) PARTITION BY RANGE (id);
       CREATE VIEW seen AS SELECT; CREATE MATERIALIZED VIEW kept AS SELECT;
       REVOKE ALL ON SCHEMA public FROM PUBLIC`,
    ),
  );
  expect(await listRelations(targetOf(database, role))).toEqual([
    { schema: 'Of mine', name: 'two words', kind: 'table' },
    { schema: 'Of mine', name: 'two words_id_seq', kind: 'sequence' },
    { schema: 'public', name: 'kept', kind: 'materialized view' },
    { schema: 'public', name: 'marker', kind: 'table' },
    { schema: 'public', name: 'seen', kind: 'view' },
  ]);
  expect(await failureOf(listRelations(targetOf(uniqueName('none'))))).toMatchObject({
    code: 'DATABASE_NOT_FOUND',
  });
});
