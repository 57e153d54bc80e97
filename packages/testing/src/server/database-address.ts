import type { ConnectionSettings } from '@pg-evict/core';
import type { ReachableServer } from './test-server.js';

/** How tests reach a database. */
export interface DatabaseAddress {
  /** As a URL, password included. */
  readonly url: string;
  /** Settings for node-postgres. */
  readonly connection: ConnectionSettings & { readonly database: string };
  /** `DATABASE_URL`, `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE` and what TLS needs. */
  readonly environment: Readonly<Record<string, string>>;
}

/** How tests reach a database of a server. Asks nobody. */
export function addressOf(
  { connection, tlsEnvironment, urlParameters }: ReachableServer,
  database: string,
): DatabaseAddress {
  const host = connection.host ?? process.env['PGHOST'] ?? 'localhost';
  const port = String(connection.port ?? process.env['PGPORT'] ?? 5432);
  const user = connection.user ?? process.env['PGUSER'];
  const password = typeof connection.password === 'string' ? connection.password : undefined;
  const login = [user, ...(password === undefined ? [] : [password])].flatMap((part) =>
    part === undefined ? [] : [encodeURIComponent(part)],
  );
  const at = user === undefined ? '' : `${login.join(':')}@`;
  // The folder of a Unix socket has slashes, an IPv6 address colons.
  const place = host.startsWith('/') ? encodeURIComponent(host) : host.includes(':') ? `[${host}]` : host;
  // No more than is needed: node-postgres does not decode "&", "/" and the like.
  const path = encodeURI(database).replaceAll(/[?#]/g, encodeURIComponent);
  const url = `postgresql://${at}${place}:${port}/${path}${urlParameters}`;
  return {
    url,
    connection: { ...connection, database },
    environment: {
      ...tlsEnvironment,
      DATABASE_URL: url,
      PGHOST: host,
      PGPORT: port,
      ...(user === undefined ? {} : { PGUSER: user }),
      ...(password === undefined ? {} : { PGPASSWORD: password }),
      PGDATABASE: database,
    },
  };
}
