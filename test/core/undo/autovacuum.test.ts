import { dropDatabase, recreateDatabase } from '@pg-evict/core';
import { targetOf } from '../../support/core/target.js';
import { useOwnServer } from '../../support/own-server.js';
import { Scratch } from '../../support/scratch.js';
import { ask, databaseExists, serverUrl, until, withClient } from '../../support/server.js';

const scratch = new Scratch();
afterAll(async () => scratch.cleanUp());

// It comes every second, and takes minutes for one table.
useOwnServer({
  autovacuum: 'on',
  autovacuum_naptime: '1s',
  autovacuum_vacuum_threshold: 0,
  autovacuum_vacuum_scale_factor: 0,
  autovacuum_vacuum_cost_delay: '100ms',
  autovacuum_vacuum_cost_limit: 1,
});

test('the drop terminates an autovacuum worker on kept content, and is not delayed by it', async () => {
  const database = await scratch.database();
  await withClient(serverUrl({ database }), async (client) => {
    await client.query('ALTER TABLE marker SET (autovacuum_enabled = false)');
    await client.query('INSERT INTO marker SELECT g::text FROM generate_series(1, 50000) g');
    await client.query('DELETE FROM marker');
    await client.query('ALTER TABLE marker RESET (autovacuum_enabled)');
  });
  const { kept } = await recreateDatabase(targetOf(database), { undoMs: 3_600_000 });
  const name = kept?.database ?? '';
  const workers = async (): Promise<unknown[]> =>
    ask(`SELECT FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'autovacuum worker'`, [name]);
  await until(async () => (await workers()).length > 0, 'autovacuum to come');
  const { leftovers } = await dropDatabase(targetOf(database));
  expect(leftovers).toEqual([]);
  expect(await databaseExists(name)).toBe(false);
});
