import {
  cloneDatabase,
  dropDatabase,
  findKeptDatabases,
  findLeftovers,
  protectDatabase,
  recreateDatabase,
  renameDatabase,
  undoDatabase,
} from '@pg-evict/core';
import { failureOf } from '../../support/core/failure.js';
import { alive, markerOf, privateDatabasesFor, targetOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { createSlot } from '../../support/replication.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, quote, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

// What has expired is dropped by whatever command comes next on a server.
useOwnServer();

const hourMs = 3_600_000;

interface Row {
  readonly oid: number;
  readonly comment: string | null;
  readonly connections: boolean;
  readonly acl: string | null;
  readonly settings: string[] | null;
}

const rowOf = async (database: string): Promise<Row | undefined> => {
  const [row] = await ask<Row>(
    `SELECT oid, shobj_description(oid, 'pg_database') AS comment, datallowconn AS connections, datacl::text AS acl,
       (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = oid AND setrole = 0) AS settings
     FROM pg_database WHERE datname = $1`,
    [database],
  );
  return row;
};

const keptOf = async (database: string): Promise<string[]> => {
  const kept = await findKeptDatabases(targetOf(database));
  return kept.filter(({ of }) => of === database).map((each) => each.database);
};

describe('undoDatabase', () => {
  test('content that a recreate has replaced comes back as it was: the same database with its comment, settings and privileges', async () => {
    const database = await scratch.database();
    const role = await scratch.role();
    await ask(`COMMENT ON DATABASE ${quote(database)} IS 'it''s [mine] {"a":1}]'`);
    await ask(`ALTER DATABASE ${quote(database)} SET work_mem = '5MB'`);
    await ask(`GRANT CREATE ON DATABASE ${quote(database)} TO ${quote(role)}`);
    const before = await rowOf(database);
    const report = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    expect(report.notKept).toBeNull();
    expect(report.kept?.sizeBytes).toBeGreaterThan(1_000_000);
    expect(await markerOf(database)).toBeUndefined();
    const undone = await undoDatabase(targetOf(database), { undoMs: hourMs });
    expect(undone).toMatchObject({
      command: 'undo',
      changed: true,
      from: report.kept?.database,
      undone: { by: 'recreate' },
    });
    expect(await rowOf(database)).toEqual(before);
    expect(await markerOf(database)).toBe('old');
    await ask(`REVOKE ALL ON DATABASE ${quote(database)} FROM ${quote(role)}`);
    await undoDatabase(targetOf(database));
    await ask(`REVOKE ALL ON DATABASE ${quote(database)} FROM ${quote(role)}`);
  });

  test('an undo can be undone, any number of times', async () => {
    const database = await scratch.database();
    await recreateDatabase(targetOf(database), { undoMs: hourMs });
    for (const content of ['old', undefined, 'old', undefined]) {
      await undoDatabase(targetOf(database), { undoMs: hourMs });
      expect(await markerOf(database)).toBe(content);
      expect(await keptOf(database)).toHaveLength(1);
    }
  });

  test('without undoMs what the undo replaces is dropped', async () => {
    const database = await scratch.database();
    await recreateDatabase(targetOf(database), { undoMs: hourMs });
    const report = await undoDatabase(targetOf(database));
    expect(report).toMatchObject({ kept: null, notKept: null, leftovers: [] });
    expect(await keptOf(database)).toEqual([]);
    expect(await privateDatabasesFor(database)).toEqual([]);
  });

  test('a dropped database is renamed back', async () => {
    const database = await scratch.database();
    const session = await openSession(serverUrl({ database }));
    const dropped = await dropDatabase(targetOf(database), { undoMs: hourMs });
    expect(dropped.terminated.map(({ pid }) => pid)).toEqual([session.pid]);
    expect(await databaseExists(database)).toBe(false);
    expect(await undoDatabase(targetOf(database))).toMatchObject({ created: true, undone: { by: 'drop' } });
    expect(await markerOf(database)).toBe('old');
  });

  test('a dry run describes the content that would come back, and changes nothing', async () => {
    const database = await scratch.database();
    const { kept } = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    const session = await openSession(serverUrl({ database }));
    const plan = await undoDatabase(targetOf(database), { dryRun: true, undoMs: hourMs });
    expect(plan).toMatchObject({ dryRun: true, from: kept?.database, undone: { by: 'recreate' } });
    expect(plan.undone?.sizeBytes).toBe(kept?.sizeBytes);
    expect(plan.terminated.map(({ pid }) => pid)).toEqual([session.pid]);
    expect(await alive([session.pid])).toEqual([session.pid]);
    expect(await keptOf(database)).toEqual([kept?.database]);
    await session.close();
  });

  test('if nothing is kept, it says so', async () => {
    const database = await scratch.database();
    expect(await failureOf(undoDatabase(targetOf(database)))).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    const missing = scratch.forget(uniqueName('new'));
    const failure = await failureOf(undoDatabase(targetOf(missing)));
    expect(failure.code).toBe('DATABASE_NOT_FOUND');
    expect(failure.message).toContain(`Nothing is kept of database "${missing}".`);
  });

  test('a protected database is not replaced by what was kept', async () => {
    const database = await scratch.database();
    await recreateDatabase(targetOf(database), { undoMs: hourMs });
    await protectDatabase(targetOf(database), 'prod');
    expect(await failureOf(undoDatabase(targetOf(database)))).toMatchObject({ code: 'PROTECTED' });
    expect(await markerOf(database)).toBeUndefined();
  });

  test('a database that another role has given such a name is not treated as ours', async () => {
    const database = await scratch.database();
    const { kept } = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    const name = kept?.database ?? '';
    const intruder = await scratch.role('CREATEDB');
    const comment = (await rowOf(name))?.comment ?? '';
    await dropDatabase(targetOf(database));
    await recreateDatabase(targetOf(database), { ifNotExists: true });
    await ask(`CREATE DATABASE ${quote(name)} OWNER ${quote(intruder)}`);
    await ask(`COMMENT ON DATABASE ${quote(name)} IS '${comment.replaceAll("'", "''")}'`);
    const failure = await failureOf(undoDatabase(targetOf(database)));
    await ask(`DROP DATABASE ${quote(name)}`);
    expect(failure).toMatchObject({ code: 'REFUSED' });
  });
});

describe('the kept content', () => {
  test('no client can connect to it, and no other operation treats it as a leftover', async () => {
    const database = await scratch.database();
    const { kept } = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    const name = kept?.database ?? '';
    await expect(withClient(serverUrl({ database: name }), async () => undefined)).rejects.toMatchObject({
      code: '55000',
    });
    const leftovers = await findLeftovers(targetOf(database));
    expect(leftovers.map((leftover) => leftover.database)).not.toContain(name);
    const copy = scratch.forget(uniqueName('copy'));
    await cloneDatabase(targetOf(database), copy);
    await recreateDatabase(targetOf(database));
    expect(await keptOf(database)).toEqual([name]);
  });

  test('only the last content of a database is kept', async () => {
    const database = await scratch.database();
    const first = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    const second = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    expect(await databaseExists(first.kept?.database ?? '')).toBe(false);
    expect(await keptOf(database)).toEqual([second.kept?.database]);
  });

  test('a drop drops what was kept as well', async () => {
    const database = await scratch.database();
    const { kept } = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    await dropDatabase(targetOf(database));
    expect(await databaseExists(kept?.database ?? '')).toBe(false);
    expect(await failureOf(undoDatabase(targetOf(database)))).toMatchObject({ code: 'DATABASE_NOT_FOUND' });
  });

  test('from code, what has expired stays', async () => {
    const database = await scratch.database();
    const { kept } = await recreateDatabase(targetOf(database), { undoMs: 0 });
    const other = await scratch.database();
    await renameDatabase(targetOf(other), scratch.forget(uniqueName('new')));
    expect(await databaseExists(kept?.database ?? '')).toBe(true);
    expect(await undoDatabase(targetOf(database))).toMatchObject({ changed: true });
    expect(await markerOf(database)).toBe('old');
  });

  test('a database with a replication slot is not kept by a recreate, and not dropped by a drop that should keep it', async () => {
    const database = await scratch.database();
    await createSlot(serverUrl({ database }));
    const failure = await failureOf(dropDatabase(targetOf(database), { undoMs: hourMs }));
    expect(failure).toMatchObject({ code: 'REFUSED' });
    expect(await markerOf(database)).toBe('old');
    const report = await recreateDatabase(targetOf(database), { undoMs: hourMs });
    expect(report).toMatchObject({ kept: null, notKept: expect.stringContaining('replication slots') });
    expect(await keptOf(database)).toEqual([]);
  });

  test('content above the size limit is not kept', async () => {
    const database = await scratch.database();
    const report = await recreateDatabase(targetOf(database), { undoMs: hourMs, undoUpToBytes: 1000 });
    expect(report).toMatchObject({ kept: null, notKept: expect.stringContaining('1000 bytes') });
  });

  test('keepOldAs and undoMs exclude each other', async () => {
    const database = await scratch.database();
    const failure = await failureOf(
      recreateDatabase(targetOf(database), { undoMs: hourMs, keepOldAs: scratch.forget(uniqueName('new')) }),
    );
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await markerOf(database)).toBe('old');
  });
});
