import {
  cloneDatabase,
  createDatabase,
  dropDatabase,
  recreateDatabase,
  renameDatabase,
  swapDatabase,
  terminateSessions,
  type Target,
} from '@pg-evict/core';
import { openSession } from '../../support/sessions.js';
import { Scratch } from '../../support/scratch.js';
import { databaseExists, serverUrl, uniqueName, withClient } from '../../support/server.js';
import { failureOf } from '../../support/core/failure.js';
import { alive, targetOf } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const operations: Record<string, (target: Target) => Promise<unknown>> = {
  drop: async (target) => dropDatabase(target),
  'drop ifExists': async (target) => dropDatabase(target, { ifExists: true }),
  create: async (target) => createDatabase(target, { ifNotExists: true }),
  recreate: async (target) => recreateDatabase(target),
  'recreate, as a dry run': async (target) => recreateDatabase(target, { dryRun: true }),
  rename: async (target) => renameDatabase(target, uniqueName('to')),
  clone: async (target) => cloneDatabase(target, uniqueName('to')),
  swap: async (target) => swapDatabase(target, uniqueName('to')),
  terminate: async (target) => terminateSessions(target),
};

/** A server that is not there: what is refused without it was refused before anything was touched. */
const nowhere = 'postgres://nobody@127.0.0.1:1/x';

describe.each(['postgres', 'template0', 'template1'])('%s', (database) => {
  test.each(Object.keys(operations))('is refused before any connection is made: %s', async (name) => {
    const error = await failureOf(operations[name]?.({ connection: nowhere, database }) ?? Promise.resolve());
    expect(error).toMatchObject({ code: 'PROTECTED', database, terminated: [] });
  });

  test('is refused as the other database of a rename, a clone and a swap', async () => {
    const target = { connection: nowhere, database: 'mine' };
    for (const call of [
      renameDatabase(target, database),
      cloneDatabase(target, database),
      swapDatabase(target, database),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: 'PROTECTED', database });
    }
  });
});

test.each(Object.keys(operations))('the maintenance database is refused: %s', async (name) => {
  const target = { connection: nowhere, database: 'mine', maintenanceDatabase: 'mine' };
  const error = await failureOf(operations[name]?.(target) ?? Promise.resolve());
  expect(error).toMatchObject({ code: 'REFUSED', database: 'mine' });
});

test.each(Object.keys(operations))(
  'a URL in the place of a target is refused, and not PGDATABASE taken: %s',
  async (name) => {
    const error = await failureOf(operations[name]?.(nowhere as Target) ?? Promise.resolve());
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('{ connection:'),
    });
  },
);

test.each(Object.keys(operations))('a protection that is not a list is refused: %s', async (name) => {
  const target = { connection: nowhere, database: 'mine', protect: 'mine' as unknown as string[] };
  const error = await failureOf(operations[name]?.(target) ?? Promise.resolve());
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('"protect"') });
});

test('a client on a database of the server terminates no session there', async () => {
  const session = await openSession(serverUrl());
  await withClient(serverUrl(), async (client) => {
    expect(await failureOf(terminateSessions(client))).toMatchObject({ code: 'PROTECTED' });
  });
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('another maintenance database works like the default one', async () => {
  const [maintenanceDatabase, database] = [await scratch.database(), await scratch.database()];
  await openSession(serverUrl({ database }));
  const target = { ...targetOf(database), maintenanceDatabase };
  expect((await recreateDatabase(target)).terminated).toHaveLength(1);
  expect(await dropDatabase(target)).toMatchObject({ changed: true });
  expect(await databaseExists(maintenanceDatabase)).toBe(true);
});

test('the maintenance database is no template for a recreate', async () => {
  const [maintenanceDatabase, database] = [await scratch.database(), await scratch.database()];
  const session = await openSession(serverUrl({ database }));
  const target = { ...targetOf(database), maintenanceDatabase };
  const error = await failureOf(recreateDatabase(target, { template: maintenanceDatabase }));
  expect(error).toMatchObject({ code: 'REFUSED', database: maintenanceDatabase });
  expect(await alive([session.pid])).toEqual([session.pid]);
  await session.close();
});

test('a missing maintenance database is named', async () => {
  const target = { ...targetOf(uniqueName('x')), maintenanceDatabase: uniqueName('missing') };
  const error = await failureOf(dropDatabase(target));
  expect(error).toMatchObject({ code: 'CONNECTION_FAILED', sqlState: '3D000' });
  expect(error.message).toContain(target.maintenanceDatabase);
});
