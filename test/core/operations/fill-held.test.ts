import { findLeftovers, recreateDatabase, repairDatabase } from '@pg-evict/core';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { databaseExists, serverUrl, until } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { failureOf } from '../../support/core/failure.js';
import { endSessionsOf, firesOn, proxied } from '../../support/core/lost-connections.js';
import { markerOf, privateDatabasesFor, stillAtWork, targetOf } from '../../support/core/target.js';
import { fillMarker } from '../../support/core/marker.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
useOwnServer();

describe('the connections of a recreate are lost while the new database is filled', () => {
  test('repeatedly: no operation mistakes the new database for a leftover, and it replaces the old one', async () => {
    const database = await scratch.database();
    const target = targetOf(database);
    const report = await recreateDatabase(target, {
      fill: async (access) => {
        for (let round = 1; round <= 2; round += 1) {
          await endSessionsOf(target);
          // At once, before it can have been noticed, and while nobody is on the new database.
          expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: false, leftovers: [] });
          expect(await findLeftovers(targetOf(database))).toEqual([]);
          expect(await databaseExists(access.database)).toBe(true);
          expect(access.signal.aborted).toBe(false);
        }
        expect(await markerOf(database)).toBe('old');
        await fillMarker(access.url);
      },
    });
    expect(report).toMatchObject({ command: 'recreate', changed: true, leftovers: [] });
    expect(await markerOf(database)).toBe('new');
    expect(await privateDatabasesFor(database)).toEqual([]);
    expect(await stillAtWork(target)).toEqual([]);
  });

  test('and another recreate of the database runs at the same time: both succeed, one after the other', async () => {
    const database = await scratch.database();
    const target = targetOf(database);
    const client = await openSession(serverUrl({ database }));
    const { terminated } = await recreateDatabase(target, {
      fill: async ({ url }) => {
        await endSessionsOf(target);
        expect(await recreateDatabase(targetOf(database))).toMatchObject({
          changed: true,
          leftovers: [],
          terminated: [{ pid: client.pid }],
        });
        expect(await markerOf(database)).toBeUndefined();
        await fillMarker(url);
      },
    });
    expect(terminated).toEqual([]);
    expect(await markerOf(database)).toBe('new');
    expect(await privateDatabasesFor(database)).toEqual([]);
  });

  test('and the filling fails: its error is thrown, and its sessions on the new database are terminated', async () => {
    const database = await scratch.database();
    const target = targetOf(database);
    const problem = new Error('no');
    let ended: Promise<string | undefined> = Promise.resolve('never connected');
    const attempt = recreateDatabase(target, {
      fill: async ({ url }) => {
        ({ ended } = await openSession(url, 'active'));
        await endSessionsOf(target);
        throw problem;
      },
    });
    await expect(attempt).rejects.toBe(problem);
    expect(await ended).toBe('57P01');
    expect(await privateDatabasesFor(database)).toEqual([]);
    expect(await markerOf(database)).toBe('old');
    expect(await stillAtWork(target)).toEqual([]);
  });

  test('and another operation dropped it before the server could be reached again: the filling and the caller are told', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const thrown: unknown[] = [];
    const error = await failureOf(
      recreateDatabase(target, {
        fill: async (access) => {
          proxy.refuse();
          await until(async () => (await stillAtWork(target)).length === 0, 'its sessions are gone');
          expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
          expect(await databaseExists(access.database)).toBe(false);
          expect(access.signal.aborted).toBe(false);
          proxy.letThrough();
          thrown.push(await firesOn(access), new Error('mine'));
          throw thrown[1];
        },
      }),
    );
    proxy.stop();
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', database });
    expect(error.message).toContain('was not recreated');
    expect(error.message).toContain('dropped the new one');
    expect((error.cause as AggregateError).errors).toEqual(thrown);
    expect(await markerOf(database)).toBe('old');
    expect(await privateDatabasesFor(database)).toEqual([]);
  });
});
