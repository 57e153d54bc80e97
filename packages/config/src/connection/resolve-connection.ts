import { type ConnectionSettings, isPgEvictError, PgEvictError } from '@pg-evict/core';
import { assertOneHost, flattenConnection } from '@pg-evict/core/internal';
import {
  type Environment,
  type LibpqParameters,
  namesOfLibpqVariables,
  readLibpqEnvironment,
} from './libpq-parameters.js';
import { type ConnectionOrigins, originsOf } from './origins.js';
import { refuseOtherServer } from './refuse-other-server.js';
import { readService } from './service-file.js';
import { definedFields, settingsOfParameters } from './settings-of-parameters.js';
import { toTlsEnvironment } from './tls.js';

/** The caller's command line, and the environment to look in. */
export interface ResolveConnectionOptions {
  /** A `postgres://` URL. With it no other source names the server; a field given beside it must not contradict it. */
  readonly url?: string | undefined;
  /** A server. `DATABASE_URL` is then not used at all, because its password is for its own server. */
  readonly host?: string | undefined;
  /** A port. As with `host`, `DATABASE_URL` is then not used. */
  readonly port?: number | undefined;
  /** A role, also for the server of `DATABASE_URL`, whose password is then not used. */
  readonly user?: string | undefined;
  /** The connection of a configuration file or a knexfile: it replaces `DATABASE_URL`, by the same rules. */
  readonly configured?: ConfiguredConnection | undefined;
  /**
   * Environment variables.
   * @default process.env
   */
  readonly env?: Environment | undefined;
}

/** A connection from a file. */
export interface ConfiguredConnection {
  readonly connection: string | ConnectionSettings;
  readonly source: ConnectionSource;
}

/** Where a connection comes from. */
export interface ConnectionSource {
  readonly kind:
    | 'url'
    | 'flags'
    | 'config'
    | 'knexfile'
    | 'DATABASE_URL'
    | 'service'
    | 'environment'
    | 'defaults';
  /** For messages, after "from": `DATABASE_URL`, `PGHOST and PGUSER`, `service "x" (file)`, … */
  readonly description: string;
}

/** A connection and where it comes from. */
export interface ResolvedConnection {
  /** Plain settings, without a connection string. */
  readonly settings: ConnectionSettings;
  readonly source: ConnectionSource;
  /** Where each value came from. */
  readonly origins: ConnectionOrigins;
  /**
   * libpq's variables for TLS, for another process that is to connect in the same way: `PGSSLMODE`, `PGSSLROOTCERT`, …
   */
  readonly tlsEnvironment: Readonly<Record<string, string>>;
}

/**
 * Finds the connection: the caller's, else the configured one, else `DATABASE_URL`, else libpq's environment variables
 * and service file. libpq's variables fill in the fields that the first of these leaves out, as they do for psql. If no
 * source has a password, node-postgres looks it up in `.pgpass` (`PGPASSFILE`) when it connects.
 *
 * A password never goes to another server or role than the one it was written down with: `host` and `port` set
 * `DATABASE_URL` aside, and a service's password is dropped if another source overrides its host, port or user.
 * `PGPASSWORD` names no server and is always used, as by psql.
 *
 * Reads the service file and TLS certificates where they are named; sends nothing to a server.
 *
 * @throws PgEvictError `CONFIG_INVALID` for a malformed URL, port, service file or TLS setting, an undefined service, a
 * field given twice with different values, more than one host, or a setting that would lead psql elsewhere
 * (`PGHOSTADDR`, `?hostaddr=`). The message never shows a URL or a password.
 */
export async function resolveConnection(options: ResolveConnectionOptions = {}): Promise<ResolvedConnection> {
  const { env = process.env } = options;
  const named = nameServer(options, env);
  refuseOtherServer({ ...named, named: named.settings, env });
  const variables = readLibpqEnvironment(env);
  const service = await findService(named, env);
  const parameters: LibpqParameters = { ...variables, ...service?.parameters };
  const { host } = named.settings;
  const settings = {
    ...settingsOfParameters({ ...parameters, ...(host && { host }) }, env),
    ...named.settings,
  };
  const origins = originsOf(settings, {
    flags: named.flags,
    url: named.origin === undefined ? undefined : { settings: named.settings, name: named.origin },
    service: service && { parameters: service.parameters, name: service.source.description },
    variables,
  });
  assertOneHost(settings.host, origins.host);
  return {
    settings,
    source: named.source ?? service?.source ?? sourceOfVariables(variables),
    origins,
    tlsEnvironment: toTlsEnvironment(parameters, named.url),
  };
}

/** The settings from sources before libpq's variables and its service file. */
interface NamedServer {
  readonly settings: ConnectionSettings;
  readonly flags: Pick<ConnectionSettings, 'host' | 'port' | 'user'>;
  readonly url: string | undefined;
  /** The source of the URL. */
  readonly origin: string | undefined;
  /** `undefined` if nothing names a server. */
  readonly source: ConnectionSource | undefined;
}

function nameServer(options: ResolveConnectionOptions, env: Environment): NamedServer {
  const flags = definedFields({ host: options.host, port: options.port, user: options.user });
  if (options.url !== undefined) {
    return {
      settings: flatten({ ...flags, connectionString: options.url }, '--url'),
      flags,
      url: options.url,
      origin: '--url',
      source: { kind: 'url', description: '--url' },
    };
  }
  const ambient =
    flags.host === undefined && flags.port === undefined ? (options.configured ?? fromUrl(env)) : undefined;
  if (ambient !== undefined) {
    const { connection, source } = ambient;
    return {
      settings: withUser(flatten(connection, source.description), flags.user),
      flags,
      url: urlOf(connection),
      origin: source.description,
      source,
    };
  }
  const given = Object.keys(flags).map((flag) => (flag === 'user' ? '--username' : `--${flag}`));
  const source: ConnectionSource | undefined =
    given.length > 0 ? { kind: 'flags', description: given.join(' and ') } : undefined;
  return { settings: flags, flags, url: undefined, origin: undefined, source };
}

/** The service that a URL or PGSERVICE names, without its password if that is for another server or role. */
async function findService(
  { settings, url }: NamedServer,
  env: Environment,
): Promise<{ readonly parameters: LibpqParameters; readonly source: ConnectionSource } | undefined> {
  const name = serviceOf(url) ?? (env['PGSERVICE'] || undefined);
  if (name === undefined) return undefined;
  const { file, parameters } = await readService(name, env);
  const { password, ...rest } = parameters;
  return {
    parameters: password === undefined || isRedirected(rest, settings) ? rest : { ...rest, password },
    source: { kind: 'service', description: `service "${name}" (${file})` },
  };
}

function sourceOfVariables(variables: LibpqParameters): ConnectionSource {
  const names = namesOfLibpqVariables(variables);
  return names.length > 0
    ? { kind: 'environment', description: names.join(', ') }
    : { kind: 'defaults', description: 'the defaults, as nothing names a server' };
}

function fromUrl(env: Environment): ConfiguredConnection | undefined {
  const connection = env['DATABASE_URL'] || undefined;
  return connection === undefined
    ? undefined
    : { connection, source: { kind: 'DATABASE_URL', description: 'DATABASE_URL' } };
}

const urlOf = (connection: string | ConnectionSettings | undefined): string | undefined =>
  typeof connection === 'object' ? connection.connectionString : connection;

function withUser(settings: ConnectionSettings, user: string | undefined): ConnectionSettings {
  if (user === undefined || user === settings.user) return settings;
  const { password: _otherRoles, ...rest } = settings;
  return { ...rest, user };
}

/** Whether a source with precedence moves a service's connection to another server or role. */
function isRedirected(service: LibpqParameters, { host, port, user }: ConnectionSettings): boolean {
  return (
    (host !== undefined && host !== service.host) ||
    (port !== undefined && String(port) !== (service.port ?? '5432')) ||
    (user !== undefined && user !== service.user)
  );
}

/** The `service` of a URL, which node-postgres does not know. */
function serviceOf(url: string | undefined): string | undefined {
  const query = url?.split('?')[1];
  return (query === undefined ? undefined : new URLSearchParams(query).get('service')) || undefined;
}

function flatten(connection: string | ConnectionSettings, origin: string): ConnectionSettings {
  try {
    return flattenConnection(connection);
  } catch (error) {
    if (!isPgEvictError(error)) throw error;
    // Neither cause nor text of the URL: both could show a password.
    const summary =
      error.hint === null ? error.message : error.message.slice(0, -error.hint.length).trimEnd();
    throw new PgEvictError(error.code, `${origin}: ${summary}`, { hint: error.hint ?? undefined });
  }
}
