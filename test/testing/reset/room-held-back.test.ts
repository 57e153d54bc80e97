import { acquireDatabase, resetDatabase, type TestDatabase } from '@pg-evict/testing';
import { Client } from 'pg';
import { useOwnServer } from '../../support/own-server.js';
import { ask, serverUrl, until, withClient } from '../../support/server.js';
import { rowsIn, RunFixture, setupWith } from '../../support/testing/run-fixture.js';

// Whoever is just connecting to a server holds back VACUUM in each of its databases.
const fixture = new RunFixture();
afterAll(async () => fixture.cleanUp());
useOwnServer();
let database: TestDatabase;
beforeAll(async () => {
  const run = await fixture.start({
    template: { setup: setupWith('CREATE TABLE seeded AS SELECT i AS a FROM generate_series(1, 3) i') },
  });
  database = await acquireDatabase(run);
});

async function changeAndReset(): Promise<string> {
  await rowsIn(database.url, 'UPDATE seeded SET a = a + 1');
  const { how } = await resetDatabase(database);
  expect(await rowsIn(database.url, 'SELECT a FROM seeded')).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  return how;
}

test('clients that are connecting elsewhere on the server hardly ever cause a copy', async () => {
  const elsewhere = { isWanted: true };
  const connecting = Array.from({ length: 8 }, async () => {
    while (elsewhere.isWanted) {
      const client = new Client(serverUrl());
      await client.connect();
      await client.end();
    }
  });
  const ways: string[] = [];
  for (let n = 0; n < 50; n += 1) ways.push(await changeAndReset());
  elsewhere.isWanted = false;
  await Promise.all(connecting);
  expect(ways.filter((how) => how !== 'rows').length).toBeLessThan(10);
});

test('a client that takes long to connect causes at most one copy: rows are restored as soon as it is gone', async () => {
  await ask('CREATE DATABASE elsewhere');
  const url = new URL(serverUrl());
  url.pathname = '/elsewhere';
  const waiting = new Client(url.href);
  let connected: Promise<unknown> | undefined;
  await withClient(serverUrl(), async (renaming) => {
    await renaming.query('BEGIN; ALTER DATABASE elsewhere RENAME TO renamed');
    connected = waiting.connect();
    await until(
      async () => (await ask('SELECT FROM pg_locks WHERE NOT granted')).length === 1,
      'the client to wait',
    );
    // Old majors hold VACUUM back while a client waits like this, so that this one is a copy; later ones do not.
    await changeAndReset();
    await renaming.query('ROLLBACK');
  });
  await connected;
  await waiting.end();
  expect([await changeAndReset(), await changeAndReset()]).toEqual(['rows', 'rows']);
});
