import type { ResolvedConnection } from '@pg-evict/config';
import type { ConnectionSettings, DatabaseAccess } from '@pg-evict/core';

/** What would lead libpq to another server or database than the variables beside it. */
const misleading = ['PGSERVICE', 'PGHOSTADDR'];

/** Parameters of a URL that would lead elsewhere; the new URL says them itself. */
const replaced = new Set(['host', 'hostaddr', 'port', 'user', 'password', 'dbname', 'database', 'service']);

/**
 * The environment in which a command reaches a database under its private name: `DATABASE_URL` and libpq's variables.
 *
 * @param given the URL of `--url`, whose parameters (sslmode, …) stay
 */
export function environmentFor(
  access: DatabaseAccess,
  { settings, source, tlsEnvironment }: ResolvedConnection,
  given: string | undefined,
): NodeJS.ProcessEnv {
  const { connection, url } = asApplication(access, settings);
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of [...misleading, 'PGPASSWORD']) delete env[name];
  const original = given ?? (source.kind === 'DATABASE_URL' ? env['DATABASE_URL'] : undefined);
  return {
    ...env,
    ...tlsEnvironment,
    DATABASE_URL: withParameters(url, original),
    // An empty variable counts as unset, and libpq would then go to a Unix socket of its own choice.
    PGHOST: connection.host ?? (env['PGHOST'] || 'localhost'),
    PGPORT: String(connection.port ?? (env['PGPORT'] || 5432)),
    ...(connection.user === undefined ? {} : { PGUSER: connection.user }),
    ...(typeof connection.password === 'string' ? { PGPASSWORD: connection.password } : {}),
    PGDATABASE: connection.database,
  };
}

/** The role of the application, where another one (`admin` in the configuration) took the database. */
function asApplication(
  { connection, url }: DatabaseAccess,
  { user, password }: ConnectionSettings,
): Pick<DatabaseAccess, 'connection' | 'url'> {
  if (user === undefined || user === connection.user) return { connection, url };
  const login = [user, ...(typeof password === 'string' ? [password] : [])].map(encodeURIComponent).join(':');
  return {
    connection: { ...connection, user, password },
    url: url.replace(/^(\w+:\/\/)(?:[^@/?#]*@)?/, (_all, scheme: string) => `${scheme}${login}@`),
  };
}

function withParameters(url: string, original: string | undefined): string {
  const [, query] = original?.split('?') ?? [];
  if (query === undefined) return url;
  const [address = '', own] = url.split('?');
  const parameters = new URLSearchParams(own);
  for (const [name, value] of new URLSearchParams(query)) {
    if (!replaced.has(name) && !parameters.has(name)) parameters.append(name, value);
  }
  // Not every reader of such URLs takes "+" for a space.
  const text = parameters.toString().replaceAll('+', '%20');
  return text === '' ? address : `${address}?${text}`;
}
