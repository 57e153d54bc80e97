import type { ConnectionSettings } from '@pg-evict/core';
import { databaseUrl, databaseVariables } from '@pg-evict/core/internal';
import type { ReachableServer } from './test-server.js';

/** How tests reach a database. */
export interface DatabaseAddress {
  /** As a URL, password included. */
  readonly url: string;
  /** Settings for node-postgres. */
  readonly connection: ConnectionSettings & { readonly database: string };
  /** `DATABASE_URL`, `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE` and the variables for TLS. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How tests reach a database of a server. Sends nothing. */
export function addressOf(
  { connection, tlsEnvironment, urlParameters }: Omit<ReachableServer, 'kind' | 'lasts'>,
  database: string,
): DatabaseAddress {
  const url = databaseUrl(connection, database, urlParameters);
  return {
    url,
    connection: { ...connection, database },
    environment: { ...tlsEnvironment, ...databaseVariables(connection, database, url) },
  };
}
