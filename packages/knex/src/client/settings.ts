import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import { flattenConnection } from '@pg-evict/core/internal';
import type { KnexClient, RawConnection } from './knex-internals.js';

/**
 * The settings a connection was made with, database and password included. They are the effective ones: after a
 * `connection` function was called, `.pgpass` was read, a connection string was parsed.
 */
export function settingsOfConnection(connection: RawConnection): ConnectionSettings {
  const { host, port, user, password, database, ssl, connectionParameters } = connection;
  return {
    host,
    port,
    user,
    // Without a password node-postgres has null here.
    password: password ?? undefined,
    database,
    ssl,
    options: connectionParameters?.options || undefined,
  };
}

/**
 * The settings of a client, without opening a connection: they are needed also while the database is missing or the
 * pool exhausted. A `connection` function is called at most once. Its result is kept where knex keeps it, so that knex
 * does not call it again.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if the settings cannot be determined
 */
export async function settingsOfClient(client: KnexClient): Promise<ConnectionSettings> {
  const pool = client.config.connectionPool as { readonly options?: ConnectionSettings } | undefined;
  if (pool !== undefined) {
    if (pool.options !== undefined) return flattenSettings(pool.options);
    throw new PgEvictError(
      'CONFIG_INVALID',
      'The connectionPool of the knex configuration has no settings.',
      {
        hint: 'Pass a pg.Pool.',
      },
    );
  }
  if (client.connectionConfigProvider !== undefined && isExpired(client)) {
    const { expirationChecker, ...settings } = await client.connectionConfigProvider();
    client.connectionConfigExpirationChecker = expirationChecker ?? null;
    client.connectionSettings = settings;
  }
  const { config, connectionSettings = {} } = client;
  const configured = typeof config.connection === 'object' ? (config.connection as ConnectionSettings) : {};
  // knex hides the password from enumeration, and a clone of an instance (withUserParams) is made without it.
  return flattenSettings(connectionSettings, connectionSettings.password ?? configured.password);
}

/** As knex decides it: a function that was never called counts as expired. */
function isExpired(client: KnexClient): boolean {
  return client.connectionSettings === undefined || client.connectionConfigExpirationChecker?.() === true;
}

/** One set of settings; a connection string overrides the fields beside it, as in node-postgres. */
export function flattenSettings(
  settings: ConnectionSettings,
  password = settings.password,
): ConnectionSettings {
  const { connectionString, port, ...beside } = settings as Omit<ConnectionSettings, 'port'> & {
    port?: unknown;
  };
  const inString = connectionString === undefined ? {} : flattenConnection(connectionString);
  return flattenConnection({
    ...beside,
    // A URL that knex has parsed has its port as text.
    port: port === undefined ? undefined : Number(port),
    password,
    ...inString,
  });
}
