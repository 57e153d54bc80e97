import {
  diagnose,
  dropDatabase,
  findLeftovers,
  recreateDatabase,
  renameDatabase,
  repairDatabase,
  swapDatabase,
  withExclusiveAccess,
  type Target,
} from '@pg-evict/core';
import { Client } from 'pg';
import { useOwnServer } from '../../support/own-server.js';
import { OperationProcess } from '../../support/operation-process.js';
import { ReconnectingClients } from '../../support/reconnecting-clients.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, uniqueName, until, withClient } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { markerOf, privateDatabasesFor, stillAtWork, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
// A crash loses what was not waited for; names of databases must not be among it.
const server = useOwnServer({ synchronous_commit: 'on' });

/** Kills a process that holds the database exclusively; returns the name its data has. */
async function abandonHeld(database: string, user?: string): Promise<string> {
  const target = targetOf(database, user);
  const holder = new OperationProcess({ operation: 'withExclusiveAccess', target, pauseAt: 'inside' });
  const { database: held = '' } = await holder.reached('inside');
  await holder.kill();
  await until(async () => (await stillAtWork(target)).length === 0, 'its sessions are gone');
  return held;
}

async function databasesLike(database: string): Promise<string[]> {
  const rows = await ask<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE datname LIKE $1 || '%' ORDER BY 1`,
    [database],
  );
  return [...rows.map(({ datname }) => datname), ...(await privateDatabasesFor(database))];
}

describe('the holder of a database was killed', () => {
  test('its leftover is found, named and diagnosed without any change', async () => {
    const database = await scratch.database();
    const held = await abandonHeld(database);
    expect(await findLeftovers(targetOf(database))).toContainEqual({
      database: held,
      of: database,
      kind: 'held',
    });
    const { standing } = await diagnose(targetOf(database));
    expect(standing).toMatchObject([{ kind: 'lock', name: database }]);
    expect(standing[0]?.detail).toContain('killed');
    expect(await databasesLike(database)).toEqual([database, held]);
    expect(await markerOf(held)).toBe('old');
    const report = await repairDatabase(targetOf(database));
    expect(report).toMatchObject({ command: 'repair', changed: true, leftovers: [] });
    expect(await databasesLike(database)).toEqual([database]);
    expect(await markerOf(database)).toBe('old');
    expect(await findLeftovers(targetOf(database))).not.toContainEqual(
      expect.objectContaining({ of: database }),
    );
  });

  test('a repair with nothing to repair changes nothing and terminates no session', async () => {
    const database = await scratch.database();
    await withClient(serverUrl({ database }), async (client) => {
      expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: false, terminated: [] });
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    });
  });

  const next: Record<string, (target: Target, database: string) => Promise<string[]>> = {
    drop: async (target) => {
      await dropDatabase(target);
      return [];
    },
    rename: async (target, database) => {
      const to = scratch.forget(`${database}_to`);
      await renameDatabase(target, to);
      expect(await markerOf(to)).toBe('old');
      return [to];
    },
    recreate: async (target, database) => {
      await recreateDatabase(target);
      expect(await markerOf(database)).toBeUndefined();
      return [database];
    },
    'exclusive access': async (target, database) => {
      const { value } = await withExclusiveAccess(target, async (access) => markerOf(access.database));
      expect(value).toBe('old');
      return [database];
    },
    repair: async (target, database) => {
      await repairDatabase(target);
      expect(await markerOf(database)).toBe('old');
      return [database];
    },
  };

  test.each(Object.keys(next))(
    'the next operation puts the data back first, superuser or owner: %s',
    async (name) => {
      const owner = await scratch.role('CREATEDB');
      for (const user of [undefined, owner]) {
        const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
        await abandonHeld(database, user);
        expect(await next[name]?.(targetOf(database, user), database)).toEqual(await databasesLike(database));
      }
    },
  );

  test('a dry run does not touch it, and reports that', async () => {
    const database = await scratch.database();
    const held = await abandonHeld(database);
    expect(await failureOf(recreateDatabase(targetOf(database), { dryRun: true }))).toMatchObject({
      code: 'BLOCKED',
      blockers: [{ kind: 'lock', name: database }],
    });
    expect(await databasesLike(database)).toEqual([database, held]);
    await repairDatabase(targetOf(database));
  });

  test('the other database of a swap gets its name back as well', async () => {
    const [database, other] = [await scratch.database(), await scratch.database()];
    await abandonHeld(other);
    expect(await swapDatabase(targetOf(database), other)).toMatchObject({ changed: true });
    expect(await databasesLike(other)).toEqual([other]);
    expect(await markerOf(other)).toBe('old');
  });

  test('an operation on another database, or on a missing one, does not affect it', async () => {
    const [database, another] = [await scratch.database(), await scratch.database()];
    const held = await abandonHeld(database);
    const missing = scratch.newName('missing');
    for (const name of [another, missing]) {
      expect(await repairDatabase(targetOf(name))).toMatchObject({ changed: false, leftovers: [] });
    }
    expect(await databaseExists(missing)).toBe(false);
    expect(await databasesLike(database)).toEqual([database, held]);
    expect(await markerOf(held)).toBe('old');
    await repairDatabase(targetOf(database));
    expect(await markerOf(database)).toBe('old');
  });

  test('clients that reconnect all the while get back in by themselves once it is put back', async () => {
    const database = await scratch.database();
    const crowd = new ReconnectingClients(serverUrl({ database }), 10);
    await until(async () => crowd.statistics.connected >= 10, 'the crowd is there');
    await abandonHeld(database);
    const before = crowd.statistics.connected;
    await repairDatabase(targetOf(database));
    await until(async () => crowd.statistics.connected >= before + 10, 'the crowd is back');
    await crowd.stop();
    expect(await databasesLike(database)).toEqual([database]);
  });

  test('a database that another client created under the name meanwhile is not touched; the message says where the data is', async () => {
    const database = await scratch.database();
    const held = await abandonHeld(database);
    await ask(`ALTER DATABASE "${database}" IS_TEMPLATE false`);
    await ask(`DROP DATABASE "${database}"`);
    await scratch.database(database);
    const { leftovers } = await repairDatabase(targetOf(database));
    expect(leftovers).toMatchObject([{ database: held, reason: expect.stringContaining('taken its name') }]);
    expect(await markerOf(held)).toBe('old');
    expect(await markerOf(database)).toBe('old');
    await ask(`DROP DATABASE "${held}"`);
  });

  test('after the placeholder was dropped by hand, the data gets its name back', async () => {
    const database = await scratch.database();
    await abandonHeld(database);
    await ask(`ALTER DATABASE "${database}" IS_TEMPLATE false`);
    await ask(`DROP DATABASE "${database}"`);
    expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
    expect(await markerOf(database)).toBe('old');
  });
});

test('a live holder is not mistaken for a dead one', async () => {
  const database = await scratch.database();
  await withExclusiveAccess(targetOf(database), async ({ database: held }) => {
    expect(await findLeftovers(targetOf(database))).not.toContainEqual(
      expect.objectContaining({ database: held }),
    );
    expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: false, leftovers: [] });
    expect(await databasesLike(database)).toEqual([database, held]);
  });
  expect(await markerOf(database)).toBe('old');
});

test('nor by the owner, which may not see when the session of a superuser began', async () => {
  const owner = await scratch.role('CREATEDB');
  const database = await scratch.database(uniqueName('db'), `OWNER "${owner}"`);
  await withExclusiveAccess(targetOf(database), async ({ database: held, signal }) => {
    const target = targetOf(database, owner);
    expect(await repairDatabase(target)).toMatchObject({ changed: false, leftovers: [] });
    expect(await failureOf(recreateDatabase(target))).toMatchObject({ code: 'BLOCKED', terminated: [] });
    expect(await databasesLike(database)).toEqual([database, held]);
    expect(signal.aborted).toBe(false);
  });
  expect(await markerOf(database)).toBe('old');
});

test('a session that has the pid of a dead maker is not mistaken for it', async () => {
  const database = await scratch.database();
  const target = targetOf(database);
  const child = new OperationProcess({ operation: 'recreateDatabase', target, pauseAt: 'created' });
  await child.reached('created');
  await child.kill();
  await until(async () => (await stillAtWork(target)).length === 0, 'its sessions are gone');
  const [left = ''] = await privateDatabasesFor(database);
  await withClient(serverUrl(), async (client) => {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const renamed = scratch.forget(left.replace(/_[0-9]+_(?=[0-9a-z]+$)/, `_${rows[0]?.pid}_`));
    await client.query(`ALTER DATABASE "${left}" RENAME TO "${renamed}"`);
    expect(await privateDatabasesFor(database)).toEqual([renamed]);
    expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
    expect(await databasesLike(database)).toEqual([database]);
  });
});

test.each([
  ['recreateDatabase', 'created', 'old'],
  ['recreateDatabase', 'settings-applied', 'old'],
  ['recreateDatabase', 'swapped', undefined],
  ['withExclusiveAccess', 'created', 'old'],
  ['withExclusiveAccess', 'swapped', 'old'],
])('killed in %s at "%s": leftovers are worthless or restored', async (operation, pauseAt, content) => {
  const database = await scratch.database();
  const target = targetOf(database);
  const child = new OperationProcess({ operation, target, pauseAt });
  await child.reached(pauseAt);
  await child.kill();
  await until(async () => (await stillAtWork(target)).length === 0, 'its sessions are gone');
  expect(await findLeftovers(target)).toContainEqual(
    expect.objectContaining({
      of: database,
      kind: pauseAt === 'swapped' && operation !== 'recreateDatabase' ? 'held' : 'worthless',
    }),
  );
  await repairDatabase(target);
  expect(await databasesLike(database)).toEqual([database]);
  expect(await markerOf(database)).toBe(content);
});

test('a session on a database of an unknown creator is not terminated', async () => {
  const name = scratch.forget('pg_evict_old_production');
  await ask(`CREATE DATABASE ${name}`);
  const database = await scratch.database();
  await repairDatabase(targetOf(database));
  expect(await findLeftovers(targetOf(database))).not.toContainEqual(
    expect.objectContaining({ database: name }),
  );
  expect(await databaseExists(name)).toBe(true);
});

test('the server crashes and recovers while the callback runs: the database is given back', async () => {
  const database = await scratch.database();
  await withExclusiveAccess(targetOf(database), async ({ connection }) => {
    await server().restart({ mode: 'immediate' });
    const client = new Client(connection);
    await client.connect();
    await client.query(`UPDATE marker SET content = 'new'`);
    await client.end();
  });
  expect(await markerOf(database)).toBe('new');
  expect(await privateDatabasesFor(database)).toEqual([]);
});
