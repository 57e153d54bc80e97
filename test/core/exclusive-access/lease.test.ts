import { findLeftovers, recreateDatabase, repairDatabase, withExclusiveAccess } from '@pg-evict/core';
import { useOwnServer } from '../../support/own-server.js';
import { OperationProcess } from '../../support/operation-process.js';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until, withClient } from '../../support/server.js';
import { openSession } from '../../support/sessions.js';
import { failureOf } from '../../support/core/failure.js';
import { endSessionsOf, firesOn, proxied } from '../../support/core/lost-connections.js';
import { markerOf, privateDatabasesFor, stillAtWork, targetOf } from '../../support/core/target.js';
import { expectGivenBack } from '../../support/core/marker.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());
useOwnServer();

/** Whether an operation is about to take a holder for dead. */
const isClaimed = async (): Promise<boolean> =>
  (await ask(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'`)).length > 0;

describe('the connections of a living holder are lost', () => {
  test('repeatedly: no operation mistakes the holder for dead, and the callback is not disturbed', async () => {
    const database = await scratch.database();
    const target = targetOf(database);
    const report = await withExclusiveAccess(target, async (access) => {
      const session = await openSession(access.url);
      for (let round = 1; round <= 3; round += 1) {
        await endSessionsOf(target);
        // At once, before he can have noticed.
        expect(await failureOf(recreateDatabase(targetOf(database)))).toMatchObject({
          code: 'BLOCKED',
          terminated: [],
          blockers: [{ kind: 'lock', name: database }],
        });
        expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: false, leftovers: [] });
        expect(await findLeftovers(targetOf(database))).toEqual([]);
        expect(access.signal.aborted).toBe(false);
      }
      await session.client.query(`UPDATE marker SET content = 'restored'`);
      await session.close();
      return 'returned';
    });
    expect(report).toMatchObject({ command: 'run', changed: true, value: 'returned', leftovers: [] });
    await expectGivenBack(database, 'restored');
    expect(await stillAtWork(target)).toEqual([]);
  });

  test('the callback returns at that moment: the database is given back', async () => {
    const database = await scratch.database();
    const target = targetOf(database);
    await withExclusiveAccess(target, async () => endSessionsOf(target));
    await expectGivenBack(database);
    expect(await stillAtWork(target)).toEqual([]);
  });

  test('the holder reconnects while another operation waits for that: it keeps its database', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    await withExclusiveAccess(target, async (access) => {
      proxy.refuse();
      await until(async () => (await stillAtWork(target)).length === 0, 'his sessions are gone');
      const repairing = repairDatabase(targetOf(database));
      await until(isClaimed, 'it waits');
      proxy.letThrough();
      expect(await repairing).toMatchObject({ changed: false, leftovers: [] });
      expect(access.signal.aborted).toBe(false);
      expect(await markerOf(access.database)).toBe('old');
    });
    proxy.stop();
    await expectGivenBack(database);
  });

  test('the holder reconnects while another operation is giving the database back: it waits for the outcome', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const told: unknown[] = [];
    const error = await failureOf(
      withExclusiveAccess(target, async (access) => {
        proxy.refuse();
        await until(async () => (await stillAtWork(target)).length === 0, 'his sessions are gone');
        await withClient(serverUrl(), async (client) => {
          await client.query(`BEGIN; COMMENT ON DATABASE ${quote(access.database)} IS 'x'`);
          const repairing = repairDatabase(targetOf(database));
          await until(
            async () =>
              (await ask(`SELECT FROM pg_locks WHERE locktype = 'object' AND NOT granted`)).length > 0,
            'it is under way',
          );
          proxy.letThrough();
          await until(
            async () =>
              (await ask(`SELECT FROM pg_locks WHERE mode = 'ShareLock' AND locktype = 'advisory'`)).length >
              0,
            'he is back',
          );
          await client.query('ROLLBACK');
          expect(await repairing).toMatchObject({ changed: true, leftovers: [] });
        });
        told.push(await firesOn(access));
      }),
    );
    proxy.stop();
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', database });
    expect(told).toMatchObject([{ message: expect.stringContaining('gave it back') as unknown }]);
    await expectGivenBack(database);
  });

  test('and another operation got the database before the holder reconnected: the callback and the caller are told', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const told: unknown[] = [];
    const error = await failureOf(
      withExclusiveAccess(target, async (access) => {
        const held = serverUrl({ database: access.database });
        const session = await openSession(held, 'idle in transaction');
        proxy.refuse();
        await until(async () => (await stillAtWork(target)).length === 0, 'his sessions are gone');
        expect(await repairDatabase(targetOf(database))).toMatchObject({ changed: true, leftovers: [] });
        expect(await session.ended).toBe('57P01');
        await expectGivenBack(database);
        expect(access.signal.aborted).toBe(false);
        proxy.letThrough();
        told.push(await firesOn(access));
      }),
    );
    proxy.stop();
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', database });
    expect(error.message).toContain('was not held to the end');
    expect(told).toMatchObject([{ code: 'CONNECTION_FAILED', message: error.message }]);
    await expectGivenBack(database);
  });

  test('and the callback fails because of it: its error is the cause', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const thrown = new Error('mine');
    const error = await failureOf(
      withExclusiveAccess(target, async (access) => {
        proxy.refuse();
        await until(async () => (await stillAtWork(target)).length === 0, 'his sessions are gone');
        await repairDatabase(targetOf(database));
        proxy.letThrough();
        await firesOn(access);
        throw thrown;
      }),
    );
    proxy.stop();
    expect(error.message).toContain('was not held to the end');
    expect((error.cause as AggregateError).errors).toContain(thrown);
    await expectGivenBack(database);
  });

  test('and another session has taken the lock that shows that the holder is alive: the wait is limited', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const stranger = await openSession(serverUrl());
    const thrown: unknown[] = [];
    const error = await failureOf(
      withExclusiveAccess(
        target,
        async (access) => {
          proxy.refuse();
          await until(async () => (await stillAtWork(target)).length === 0, 'his sessions are gone');
          await stranger.client.query('SELECT pg_advisory_lock(hashtextextended($1, 0) & ~1::bigint)', [
            access.database,
          ]);
          proxy.letThrough();
          thrown.push(await firesOn(access));
          throw thrown[0];
        },
        { timeoutMs: 12_000 },
      ),
    );
    proxy.stop();
    await stranger.close();
    expect(error).toBe(thrown[0]);
    expect(error).toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining('another session has its advisory lock') as unknown,
    });
    await expectGivenBack(database);
  });

  test('and the holder cannot reach the server: the callback is told, and the database is given back as soon as it can', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const thrown: unknown[] = [];
    const error = await failureOf(
      withExclusiveAccess(
        target,
        async (access) => {
          proxy.refuse();
          thrown.push(await firesOn(access));
          proxy.letThrough();
          throw thrown[0];
        },
        { timeoutMs: 12_000 },
      ),
    );
    proxy.stop();
    expect(error).toBe(thrown[0]);
    expect(error.message).toContain('could not be reached for 12000 ms');
    await expectGivenBack(database);
  });
});

test('if several operations find a dead holder’s database at once, one puts it back and all continue', async () => {
  const database = await scratch.database();
  const target = targetOf(database);
  const holder = new OperationProcess({ operation: 'withExclusiveAccess', target, pauseAt: 'inside' });
  await holder.reached('inside');
  await holder.kill();
  await until(async () => (await stillAtWork(target)).length === 0, 'its sessions are gone');
  const reports = await Promise.all(
    Array.from({ length: 5 }, async () => repairDatabase(targetOf(database))),
  );
  expect(reports.flatMap(({ leftovers }) => leftovers)).toEqual([]);
  expect(reports.filter(({ changed }) => changed)).toHaveLength(1);
  await expectGivenBack(database);
});

test('the leftover of a dead holder does not replace a database that another holder has', async () => {
  const database = await scratch.database();
  const dead = targetOf(database);
  const holder = new OperationProcess({ operation: 'withExclusiveAccess', target: dead, pauseAt: 'inside' });
  const { database: first = '' } = await holder.reached('inside');
  await holder.kill();
  await until(async () => (await stillAtWork(dead)).length === 0, 'its sessions are gone');
  // Somebody has helped himself.
  await ask(`ALTER DATABASE ${quote(database)} IS_TEMPLATE false`);
  await ask(`DROP DATABASE ${quote(database)}`);
  await ask(`CREATE DATABASE ${quote(database)}`);
  await withClient(serverUrl({ database }), async (client) =>
    client.query(`CREATE TABLE marker AS SELECT 'second' AS content`),
  );
  await withExclusiveAccess(targetOf(database), async ({ database: second }) => {
    const { leftovers } = await repairDatabase(targetOf(database));
    expect(leftovers).toMatchObject([{ database: first, reason: expect.stringContaining('taken its name') }]);
    expect(await privateDatabasesFor(database)).toEqual([first, second].toSorted());
  });
  expect(await markerOf(database)).toBe('second');
  expect(await markerOf(first)).toBe('old');
  await ask(`DROP DATABASE ${quote(first)}`);
});
