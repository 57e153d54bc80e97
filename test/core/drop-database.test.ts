import { dropDatabase } from '@pg-evict/core';
import { openSession } from '../support/sessions.js';
import { Scratch } from '../support/scratch.js';
import { databaseExists, serverUrl } from '../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

test('a database with idle, active and in-transaction sessions is dropped, and each session is in the report', async () => {
  const database = await scratch.database();
  const url = serverUrl({ database });
  const sessions = await Promise.all([
    openSession(url, 'idle'),
    openSession(url, 'active'),
    openSession(url, 'idle in transaction'),
  ]);
  const report = await dropDatabase({ connection: url });
  expect(await databaseExists(database)).toBe(false);
  expect(report.terminated.map(({ pid }) => pid).sort()).toEqual(sessions.map(({ pid }) => pid).sort());
  expect(report.terminated.map(({ state }) => state).sort()).toEqual([
    'active',
    'idle',
    'idle in transaction',
  ]);
  expect(await Promise.all(sessions.map(async ({ ended }) => ended))).toEqual(['57P01', '57P01', '57P01']);
});
