import { withClient } from './with-client.mjs';

/** What everybody pastes. DROP gives up by itself after 5 s. */
export const oneLiner = {
  name: 'one-liner',
  drop: async (bench, connected) =>
    withClient(bench, connected, async (client) => terminateAndDrop(client, bench.database)),
  recreate: async (bench, connected) =>
    withClient(bench, connected, async (client) => {
      await terminateAndDrop(client, bench.database);
      await client.query(`CREATE DATABASE ${bench.database}`);
    }),
};

async function terminateAndDrop(client, database) {
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
    [database],
  );
  await client.query(`DROP DATABASE ${database}`);
}
