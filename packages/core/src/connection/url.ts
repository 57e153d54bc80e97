import type { ConnectionSettings } from './flatten-connection.js';

/** Where settings lead. */
export interface ServerPlace {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number | string;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/**
 * The destination that settings lead to, completed with libpq's variables. An empty variable counts as unset, as in
 * libpq and node-postgres.
 */
export function placeOf({ host, port, user, password }: ConnectionSettings): ServerPlace {
  return {
    host: host || process.env['PGHOST'] || 'localhost',
    port: port ?? (process.env['PGPORT'] || 5432),
    user: user || process.env['PGUSER'] || undefined,
    password: typeof password === 'string' ? password : undefined,
  };
}

/** Parameters of a URL that say where to connect; a URL made from settings contains them in its other parts. */
const whereto = new Set(['host', 'hostaddr', 'port', 'user', 'password', 'dbname', 'database', 'service']);

/** Variables that lead libpq to another server, even if other variables name one. */
export const misleadingVariables: readonly string[] = ['PGSERVICE', 'PGHOSTADDR'];

/** The part of a URL that says how to connect, not where: its parameters, from the question mark on. */
export function connectionParameters(url: string | undefined): string {
  const parameters = new URLSearchParams(url?.split('?')[1]);
  for (const name of whereto) parameters.delete(name);
  // Not every reader of such URLs decodes "+" as a space.
  const text = parameters.toString().replaceAll('+', '%20');
  return text === '' ? '' : `?${text}`;
}

/**
 * The URL of a database, password included.
 *
 * @param settings how to reach its server
 * @param parameters {@link connectionParameters}
 */
export function databaseUrl(settings: ConnectionSettings, database: string, parameters = ''): string {
  const { host, port, user, password } = placeOf(settings);
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  const login = user === undefined ? '' : `${encodeURIComponent(user)}${secret}@`;
  // The directory of a Unix socket has slashes, an IPv6 address colons.
  const place = host.startsWith('/') ? encodeURIComponent(host) : host.includes(':') ? `[${host}]` : host;
  // No more than necessary: node-postgres does not decode "&", "/" and the like.
  const path = encodeURI(database).replaceAll(/[?#]/g, encodeURIComponent);
  return `postgresql://${login}${place}:${port}/${path}${parameters}`;
}

/** libpq's variables, and `DATABASE_URL`, that lead to a database, as its URL does. */
export function databaseVariables(
  settings: ConnectionSettings,
  database: string,
  url: string,
): Record<string, string> {
  const { host, port, user, password } = placeOf(settings);
  return {
    DATABASE_URL: url,
    PGHOST: host,
    PGPORT: String(port),
    ...(user === undefined ? {} : { PGUSER: user }),
    ...(password === undefined ? {} : { PGPASSWORD: password }),
    PGDATABASE: database,
  };
}
