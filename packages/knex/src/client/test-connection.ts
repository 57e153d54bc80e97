import { flattenConnection } from '@pg-evict/core/internal';
import type { Knex } from 'knex';

/** Set by test runners (`@pg-evict/jest`) to the URL of the database that the running tests have for themselves. */
const variable = 'PG_EVICT_TEST_DATABASE_URL';

/** What says where a connection leads; the rest says what it is like there. */
const whereto = new Set(['connectionString', 'host', 'port', 'user', 'password', 'database', 'ssl']);

/**
 * The configuration with the connection of the tests that run, where some do: whatever it says about where to connect
 * gives way, whatever else it says stays. A `connection` function is not called.
 */
export function followTests(config: Knex.Config): Knex.Config {
  const url = process.env[variable];
  if (url === undefined || url === '') return config;
  const { connection } = config;
  const given = typeof connection === 'object' ? Object.entries(connection) : [];
  const kept = Object.fromEntries(given.filter(([key]) => !whereto.has(key)));
  return { ...config, connection: { ...kept, ...flattenConnection(url) } as Knex.PgConnectionConfig };
}
