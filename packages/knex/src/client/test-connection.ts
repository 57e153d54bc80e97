import { flattenConnection } from '@pg-evict/core/internal';
import type { Knex } from 'knex';

/** Set by test runners (`@pg-evict/jest`) to the URL of the running tests' own database. */
const variable = 'PG_EVICT_TEST_DATABASE_URL';

/** The settings that say where a connection leads; the others say how it behaves. */
const whereto = new Set(['connectionString', 'host', 'port', 'user', 'password', 'database', 'ssl']);

/**
 * The configuration with the connection of the running tests, if there are any: settings that say where to connect are
 * replaced, all others stay. A `connection` function is not called.
 */
export function followTests(config: Knex.Config): Knex.Config {
  const url = process.env[variable];
  if (url === undefined || url === '') return config;
  const { connection } = config;
  const given = typeof connection === 'object' ? Object.entries(connection) : [];
  const kept = Object.fromEntries(given.filter(([key]) => !whereto.has(key)));
  return { ...config, connection: { ...kept, ...flattenConnection(url) } as Knex.PgConnectionConfig };
}
