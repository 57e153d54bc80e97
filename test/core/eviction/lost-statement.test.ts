import { dropDatabase, recreateDatabase, renameDatabase, type Target } from '@pg-evict/core';
import { Scratch } from '../../support/scratch.js';
import { ask, quote, serverUrl, until } from '../../support/server.js';
import { openSession, type OpenSession } from '../../support/sessions.js';
import { failureOf } from '../../support/core/failure.js';
import { proxied } from '../../support/core/lost-connections.js';
import { markerOf, stillAtWork, type OwnTarget } from '../../support/core/target.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

const operations: Record<string, (target: Target) => Promise<unknown>> = {
  drop: dropDatabase,
  rename: async (target) => renameDatabase(target, scratch.newName('to')),
  recreate: recreateDatabase,
};

/** Changes the database's row and keeps that to itself, so that whoever has the database's lock waits for it. */
async function changeRow(database: string): Promise<OpenSession> {
  const session = await openSession(serverUrl());
  await session.client.query(`BEGIN; GRANT CONNECT ON DATABASE ${quote(database)} TO postgres`);
  return session;
}

async function untilItWaits({ connection }: OwnTarget): Promise<void> {
  await until(async () => {
    const waiting = await ask(
      `SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
      [connection.application_name],
    );
    return waiting.length > 0;
  }, 'the statement waits');
}

describe.each(Object.keys(operations))('connections that are cut while the server is at work: %s', (name) => {
  test('its running statement is terminated, so that nothing happens later, and the error says that it may have completed', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const other = await changeRow(database);
    const failing = failureOf(operations[name]?.(target) ?? Promise.resolve());
    await untilItWaits(target);
    proxy.cut();
    const error = await failing;
    expect(await stillAtWork(target)).toEqual([]);
    expect(error).toMatchObject({
      code: 'CONNECTION_FAILED',
      database,
      hint: expect.stringContaining('List'),
    });
    expect(error.message).toContain('whether it completed is unknown');
    await other.client.query('COMMIT');
    await other.close();
    expect(await markerOf(database)).toBe('old');
    proxy.stop();
  });

  test('and the server is out of reach: the message says nothing about the state of the database', async () => {
    const database = await scratch.database();
    const { proxy, target } = await proxied(database);
    const other = await changeRow(database);
    const failing = failureOf(operations[name]?.(target) ?? Promise.resolve());
    await untilItWaits(target);
    proxy.refuse();
    const error = await failing;
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', database });
    expect(error.message).toMatch(/backend \d+ may still be running the statement/);
    await other.client.query('COMMIT');
    await other.close();
    await until(async () => (await stillAtWork(target)).length === 0, 'the server is done');
    proxy.stop();
  });
});
