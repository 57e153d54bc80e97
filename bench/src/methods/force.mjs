import { withClient } from './with-client.mjs';

/** PostgreSQL's own way, 13 and later. */
export const force = {
  name: 'WITH (FORCE)',
  drop: async (bench, connected) =>
    withClient(bench, connected, async (client) =>
      client.query(`DROP DATABASE ${bench.database} WITH (FORCE)`),
    ),
  recreate: async (bench, connected) =>
    withClient(bench, connected, async (client) => {
      await client.query(`DROP DATABASE ${bench.database} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${bench.database}`);
    }),
};
