import { dropDatabase, recreateDatabase, renameDatabase, undoDatabase } from '@pg-evict/core';
import { dropExpiredDatabases, ofCommand } from '@pg-evict/core/internal';
import { failureOf } from '../../support/core/failure.js';
import { markerOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { createSlot } from '../../support/replication.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, until, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

// What has expired is dropped by whatever command comes next on a server.
useOwnServer();

const hourMs = 3_600_000;

describe('as an owner that is no superuser', () => {
  test('a recreate, an undo, a drop that keeps, and another undo', async () => {
    const database = await scratch.database();
    const owner = await scratch.role('CREATEDB');
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(owner)}`);
    const target = targetOf(database, owner);
    const { kept } = await recreateDatabase(target, { undoMs: hourMs });
    expect(kept?.sizeBytes).toBeGreaterThan(1_000_000);
    await undoDatabase(target, { undoMs: hourMs });
    expect(await markerOf(database)).toBe('old');
    await dropDatabase(target, { undoMs: hourMs });
    await undoDatabase(target);
    expect(await markerOf(database)).toBe('old');
    await dropDatabase(target);
    expect(await privateDatabasesFor(database)).toEqual([]);
  });

  test('without CREATEDB nothing is touched', async () => {
    const database = await scratch.database();
    const owner = await scratch.role();
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(owner)}`);
    const failure = await failureOf(dropDatabase(targetOf(database, owner), { undoMs: hourMs }));
    expect(failure).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(await markerOf(database)).toBe('old');
  });

  test('if the size is limited and the role may not query it, the content is not kept', async () => {
    const database = await scratch.database();
    const owner = await scratch.role('CREATEDB');
    await ask(`ALTER DATABASE ${quote(database)} OWNER TO ${quote(owner)}`);
    await ask(`REVOKE CONNECT ON DATABASE ${quote(database)} FROM PUBLIC, ${quote(owner)}`);
    const limited = await recreateDatabase(targetOf(database, owner), {
      dryRun: true,
      undoMs: hourMs,
      undoUpToBytes: 1e12,
    });
    expect(limited).toMatchObject({ kept: null, notKept: expect.stringContaining('size') });
    const { kept } = await recreateDatabase(targetOf(database, owner), { undoMs: hourMs });
    expect(kept).toMatchObject({ sizeBytes: null });
    expect(await undoDatabase(targetOf(database, owner))).toMatchObject({ undone: { sizeBytes: null } });
  });
});

describe('not kept', () => {
  test('with prepared transactions', async () => {
    const database = await scratch.database();
    await withClient(serverUrl({ database }), async (client) =>
      client.query(
        `BEGIN; INSERT INTO marker VALUES ('x'); PREPARE TRANSACTION ${quote(database).replaceAll('"', "'")}`,
      ),
    );
    const failure = await failureOf(dropDatabase(targetOf(database), { undoMs: hourMs }));
    expect(failure).toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('prepared transactions'),
    });
    const report = await recreateDatabase(targetOf(database), { undoMs: hourMs, rollbackPrepared: true });
    expect(report).toMatchObject({ kept: null, notKept: expect.stringContaining('prepared transactions') });
  });

  test('with subscriptions', async () => {
    const database = await scratch.database();
    await withClient(serverUrl({ database }), async (client) =>
      client.query(
        `CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
      ),
    );
    const failure = await failureOf(dropDatabase(targetOf(database), { undoMs: hourMs }));
    expect(failure).toMatchObject({ code: 'REFUSED', message: expect.stringContaining('subscriptions') });
    const report = await recreateDatabase(targetOf(database), { undoMs: hourMs, dropSubscriptions: true });
    expect(report).toMatchObject({ kept: null, notKept: expect.stringContaining('subscriptions') });
  });

  test('with a replication slot that came while the new database was filled', async () => {
    const database = await scratch.database();
    const report = await recreateDatabase(targetOf(database), {
      undoMs: hourMs,
      dropSlots: true,
      fill: async () => {
        await createSlot(serverUrl({ database }));
      },
    });
    expect(report).toMatchObject({ kept: null, notKept: expect.stringContaining('replication slots') });
    expect(await privateDatabasesFor(database)).toEqual([]);
  });

  test.each([[Number.NaN], [-1], [Number.POSITIVE_INFINITY], [8.64e15]])(
    'undoMs of %s is refused before anything is done',
    async (undoMs) => {
      const database = await scratch.database();
      const failure = await failureOf(recreateDatabase(targetOf(database), { undoMs }));
      expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
      expect(failure.message).toContain('undoMs');
      expect(await markerOf(database)).toBe('old');
    },
  );
});

describe('expired content', () => {
  const expired = async (): Promise<string> => {
    const database = await scratch.database();
    const { kept } = await recreateDatabase(targetOf(database), { undoMs: 0 });
    await until(
      async () => (await ask('SELECT WHERE clock_timestamp() > $1::timestamptz', [kept?.until])).length > 0,
      'its time to be over',
    );
    return kept?.database ?? '';
  };

  test('is left if the deadline is over', async () => {
    const name = await expired();
    const other = await scratch.database();
    const controller = new AbortController();
    await renameDatabase(
      targetOf(other),
      scratch.newName(),
      ofCommand(
        {
          signal: controller.signal,
          onStep: (step) => {
            if (step === 'renamed') controller.abort();
          },
        },
        'rename',
      ),
    ).catch(() => undefined);
    expect(await databaseExists(name)).toBe(true);
    await dropExpiredDatabases(targetOf(other));
    expect(await databaseExists(name)).toBe(false);
  });

  test('is not what the operation itself has just kept', async () => {
    const database = await scratch.database();
    const { kept } = await recreateDatabase(targetOf(database), ofCommand({ undoMs: 0 }, 'recreate'));
    expect(await databaseExists(kept?.database ?? '')).toBe(true);
  });

  test('is left and reported if a session is connected to it', async () => {
    const name = await expired();
    await ask(`ALTER DATABASE ${quote(name)} ALLOW_CONNECTIONS true`);
    const session = await openSession(serverUrl({ database: name }));
    const { dropped, left } = await dropExpiredDatabases(targetOf('postgres'));
    expect(dropped).not.toContain(name);
    expect(left).toContainEqual({ database: name, reason: expect.stringContaining(`(${session.pid})`) });
    await session.close();
  });
});
