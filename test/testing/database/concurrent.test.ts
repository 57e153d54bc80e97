import { once } from 'node:events';
import { acquireDatabase, releaseDatabase } from '@pg-evict/testing';
import { Client } from 'pg';
import { RunFixture } from '../../support/testing/run-fixture.js';

const fixture = new RunFixture();
afterAll(async () => fixture.cleanUp());

test('several databases at once are asked for one after the other, so that the driver warns of nothing', async () => {
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', warned);
  try {
    const run = await fixture.start();
    const databases = await Promise.all(Array.from({ length: 8 }, async () => acquireDatabase(run)));
    expect(new Set(databases.map(({ name }) => name)).size).toBe(8);
    await Promise.all(databases.map(async (database) => releaseDatabase(database)));
    await fixture.end(run);
  } finally {
    process.off('warning', warned);
  }
  expect(warnings).toEqual([]);
});

test('a session that is just disconnecting when its database is given back gets no error', async () => {
  const run = await fixture.start();
  const database = await acquireDatabase(run);
  const client = new Client(database.url);
  const errors: unknown[] = [];
  client.on('error', (error) => errors.push(error));
  await client.connect();
  const released = releaseDatabase(database);
  // Some of the way into it, as where the server has not noticed yet that a pool was ended.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const ended = once(client, 'end');
  await client.end();
  await ended;
  await released;
  expect(errors).toEqual([]);
});
