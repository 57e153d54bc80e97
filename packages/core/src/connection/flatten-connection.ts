import { parse } from 'pg-connection-string';
import { PgEvictError } from '../contract/error.js';

/**
 * How to reach a server: a structural subset of `pg.ClientConfig`. Missing settings come from libpq's environment
 * variables and `.pgpass`, as node-postgres reads them.
 */
export interface ConnectionSettings {
  /** A `postgres://` URL. May not contradict the other fields. */
  readonly connectionString?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | (() => string | Promise<string>) | undefined;
  readonly database?: string | undefined;
  /** TLS: `true`, `false`, or Node's TLS options. */
  readonly ssl?: boolean | object | undefined;
  /** Command-line options for the session, as in `PGOPTIONS`. */
  readonly options?: string | undefined;
  /** How long one attempt to connect may take, as in `PGCONNECT_TIMEOUT`. @default the operation's deadline */
  readonly connectionTimeoutMillis?: number | undefined;
  /** @default 'pg-evict' */
  readonly application_name?: string | undefined;
}

/** Longer than any useful URL: names have 63 bytes at most, and parameters are few. */
const maxUrlLength = 8192;

const fields = [
  'host',
  'port',
  'user',
  'password',
  'database',
  'ssl',
  'options',
  'application_name',
  'connectionTimeoutMillis',
] as const;

/**
 * Flattens a URL, or settings that contain one, into plain settings. node-postgres lets a connection string
 * override the fields beside it, silently; here a contradiction is refused.
 *
 * @param what begins the message about a URL that cannot be used
 * @throws {@link PgEvictError} `CONFIG_INVALID`, also for several hosts; the message never shows the URL
 */
export function flattenConnection(
  connection: string | ConnectionSettings = {},
  what = 'The connection URL',
): ConnectionSettings {
  const given: ConnectionSettings =
    typeof connection === 'string' ? { connectionString: connection } : connection;
  assertOneHost(given.host);
  if (given.connectionString === undefined) return pick(given);
  const parsed = parseUrl(given.connectionString, what);
  assertOneHost(parsed.host, what);
  for (const field of fields) {
    const [inUrl, beside] = [parsed[field], given[field]];
    if (inUrl !== undefined && beside !== undefined && inUrl !== beside && field !== 'ssl') {
      throw new PgEvictError(
        'CONFIG_INVALID',
        `The connection gives "${field}" twice, in the URL and beside it, with different values.`,
        {
          hint: `Remove one of them.`,
        },
      );
    }
  }
  return { ...parsed, ...pick(given) };
}

/**
 * Refuses a list of hosts, which psql connects to in turn: an operation on whichever answers could be one on a replica,
 * or on another server than the last time.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
 */
export function assertOneHost(host: unknown, what = 'The connection'): void {
  // A knexfile may have an array; as text, it is a list, too.
  if (String(host).startsWith('/') || !String(host).includes(',')) return;
  throw new PgEvictError('CONFIG_INVALID', `${what} names more than one host.`, {
    hint: 'pg-evict works on one server: name the host of the primary alone.',
  });
}

function pick(settings: ConnectionSettings): ConnectionSettings {
  return Object.fromEntries(
    fields.flatMap((field) => (settings[field] === undefined ? [] : [[field, settings[field]]])),
  );
}

function parseUrl(url: string, what: string): ConnectionSettings {
  const invalid = (problem: string): PgEvictError =>
    new PgEvictError('CONFIG_INVALID', `${what} ${problem}.`, {
      hint: 'Write it as postgres://user:password@host:5432/database, special characters in its parts percent-encoded: @ as %40, / as %2F, # as %23, ? as %3F.',
    });
  if (!/^(?:postgres|postgresql|socket):\/\//i.test(url) && !url.startsWith('/')) {
    throw invalid('does not begin with postgres://');
  }
  // Parsing it takes time.
  if (url.length > maxUrlLength) throw invalid(`is longer than ${maxUrlLength} characters`);
  // node-postgres treats the rest of such a password as a host or a database, and ignores everything after "#".
  if (/^postgres(?:ql)?:\/\/[^/?#]*(?:\/[^?#]*@|[^#]*\?[^=]*@|.*#)/is.test(url)) {
    throw invalid('has special characters that are not percent-encoded');
  }
  // With ports it could not be read. A password may contain a comma, too.
  assertOneHost(/^postgres(?:ql)?:\/\/(?:[^/?]*@)?([^/?@]*)/i.exec(url)?.[1], what);
  let parsed: ReturnType<typeof parse>;
  let named: string | undefined;
  try {
    parsed = parse(url);
    named = databaseOf(url);
  } catch {
    // The cause would show the URL, and with it the password.
    throw invalid('cannot be read');
  }
  // In node-postgres's result an empty text, or null, is a part that the URL does not have.
  const portText = parsed.port || undefined;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && !isPort(port)) throw invalid('has no valid port');
  return pick({
    host: parsed.host || undefined,
    port,
    user: parsed.user || undefined,
    password: parsed.password || undefined,
    database: named ?? (parsed.database || undefined),
    ssl: parsed.ssl as boolean | object | undefined,
    options: parsed.options,
    application_name: parsed.application_name,
  });
}

const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536;

/** The path of a URL, every character decoded as libpq does; node-postgres leaves `%2F`, `%3F` and `%23` as they are. */
function databaseOf(url: string): string | undefined {
  const path = /^postgres(?:ql)?:\/\/[^/?#]*\/([^?#]+)/i.exec(url)?.[1];
  return path === undefined ? undefined : decodeURIComponent(path);
}
