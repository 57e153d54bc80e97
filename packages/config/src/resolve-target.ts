import { dirname, resolve } from 'node:path';
import {
  type ConnectionSettings,
  PgEvictError,
  type Pooler,
  type SessionPattern,
  type Target,
} from '@pg-evict/core';
import {
  type ConfiguredConnection,
  resolveConnection,
  type ResolvedConnection,
} from './connection/resolve-connection.js';
import {
  loadConfig,
  type LoadConfigOptions,
  type LoadedConfig,
  type ResolvedConfig,
} from './load/load-config.js';
import { workingDirectory } from './search/files-in.js';
import { findKnexfile } from './search/find-knexfile.js';

/** The settings of a command line, and the places to look for the rest. */
export interface ResolveTargetOptions extends LoadConfigOptions {
  /** The database to work on. @default the one the connection names */
  readonly database?: string | undefined;
  /** `--url` */
  readonly url?: string | undefined;
  /** `--host` */
  readonly host?: string | undefined;
  /** `--port` */
  readonly port?: number | undefined;
  /** `--username`; sets `admin` aside. */
  readonly user?: string | undefined;
  /** `--pooler`; replaces the configured poolers. */
  readonly poolers?: readonly Pooler[] | undefined;
  /** `--maintenance-db` */
  readonly maintenanceDatabase?: string | undefined;
  /**
   * A knexfile, relative to `cwd`, whose connection has precedence over the configuration's (`--knexfile`); `true`
   * searches upward for one, which then has precedence over `DATABASE_URL`, for commands that use knex.
   * @default only the one that the configuration names
   */
  readonly knexfile?: string | true | undefined;
  /**
   * For a run of tests: its template, or `true` for that of the configuration. Its `env` then chooses the environment
   * whose connection is used, too, if it is filled from the same knexfile.
   * @default only `env` and NODE_ENV choose it
   */
  readonly forTests?: true | TemplateOfKnex | undefined;
}

/** The settings of a template that concern a knexfile. */
type TemplateOfKnex = Pick<NonNullable<NonNullable<ResolvedConfig['testing']>['template']>, 'env' | 'knex'>;

/** A target, with all decisions made on the way. */
export interface ResolvedConfiguration extends LoadedConfig {
  /** For core, with the `admin` role if one is configured. */
  readonly target: Target;
  /** The application's connection, without the `admin` role, and its source. */
  readonly connection: ResolvedConnection;
  /** For core: `sessions` of the configuration. */
  readonly sessions: {
    readonly graceMs?: number | undefined;
    readonly drainMs?: number | undefined;
    readonly timeoutMs?: number | undefined;
    readonly keep?: readonly SessionPattern[] | undefined;
  };
  /** `confirm` of the configuration; both are on by default. */
  readonly confirm: { readonly agents: boolean; readonly tunnels: boolean };
  /**
   * How the command keeps the content that it replaces; `false`: not at all. `undefined` if the configuration does not
   * say.
   */
  readonly undo:
    | false
    | {
        /** In milliseconds. */ readonly for?: number | undefined;
        /** In bytes. */ readonly upTo?: number | undefined;
      }
    | undefined;
  /** The knexfile that was named or found, `null` if there is none. */
  readonly knexfile: string | null;
  /**
   * The origin of each setting: `host`, `port`, `user`, `password`, `database`, …, `admin`, `protect`, `sessions`, …
   */
  readonly sources: Readonly<Record<string, string>>;
}

/**
 * Everything a command needs. The server is named by the first of these that is given: command line, configuration
 * file, knexfile, `DATABASE_URL`, libpq's variables; see {@link resolveConnection}.
 *
 * @throws PgEvictError `CONFIG_INVALID`
 */
export async function resolveTarget(options: ResolveTargetOptions = {}): Promise<ResolvedConfiguration> {
  const loaded = await loadConfig(options);
  const knexfile = await knexfileOf(options, loaded);
  const { asAdmin, resolved } = await connectionsOf(options, loaded, knexfile);
  const { config } = loaded;
  return {
    ...loaded,
    target: {
      connection: asAdmin ?? resolved.settings,
      database: options.database ?? resolved.settings.database,
      maintenanceDatabase: options.maintenanceDatabase ?? config.maintenanceDatabase,
      protect: config.protect,
      // If the command line names a server, the configured poolers belong to another one.
      poolers: options.poolers ?? (namesServer(options) ? undefined : config.poolers),
    },
    connection: resolved,
    sessions: config.sessions ?? {},
    confirm: confirmationOf(loaded),
    undo: config.undo,
    knexfile: knexfile?.file ?? null,
    sources: {
      ...withoutConnection(loaded.sources, asAdmin === undefined),
      ...resolved.origins,
      ...from('database', options.database, 'the command line'),
      ...from('poolers', options.poolers, '--pooler'),
      ...from('maintenanceDatabase', options.maintenanceDatabase, '--maintenance-db'),
    },
  };
}

const confirmationOf = ({ config }: LoadedConfig): ResolvedConfiguration['confirm'] => ({
  agents: config.confirm?.agents ?? true,
  tunnels: config.confirm?.tunnels ?? true,
});

/** Whether the command line names a server: then settings for the configured one do not apply. */
const namesServer = ({ host, port, url }: ResolveTargetOptions): boolean =>
  url !== undefined || host !== undefined || port !== undefined;

const from = (key: string, flag: unknown, name: string): Record<string, string> =>
  flag === undefined ? {} : { [key]: name };

/** The application's connection, and the one with the `admin` role if that is used. */
async function connectionsOf(
  options: ResolveTargetOptions,
  loaded: LoadedConfig,
  knexfile: KnexfileChoice | undefined,
): Promise<{ resolved: ResolvedConnection; asAdmin: ConnectionSettings | undefined }> {
  const { host, port, url, user, processEnv: env = process.env } = options;
  const isElsewhere = namesServer(options);
  const given = {
    url,
    host,
    port,
    user,
    configured: isElsewhere ? undefined : await configured(options, loaded, knexfile),
    env,
  };
  const resolved = await resolveConnection(given);
  const { admin } = loaded.config;
  // A password belongs to the server and role it was written down with; a command line that names another one needs its
  // own.
  if (admin === undefined || isElsewhere || user !== undefined) return { resolved, asAdmin: undefined };
  const { settings } = await resolveConnection({ ...given, user: admin.user });
  const { password = settings.password } = admin;
  return { resolved, asAdmin: { ...settings, ...(password === undefined ? {} : { password }) } };
}

function withoutConnection(
  { connection: _connection, admin, ...rest }: Readonly<Record<string, string>>,
  adminIsUnused: boolean,
): Record<string, string> {
  return { ...rest, ...(admin === undefined || adminIsUnused ? {} : { admin }) };
}

interface KnexfileChoice {
  readonly file: string;
  /** On the command line: it has precedence over the configuration's connection. */
  readonly isNamed: boolean;
}

async function knexfileOf(
  { cwd = workingDirectory(), knexfile }: ResolveTargetOptions,
  { config, filepath }: LoadedConfig,
): Promise<KnexfileChoice | undefined> {
  if (typeof knexfile === 'string') return { file: resolve(cwd, knexfile), isNamed: true };
  if (config.knexfile !== undefined) {
    return { file: resolve(filepath === null ? cwd : dirname(filepath), config.knexfile), isNamed: false };
  }
  const file = knexfile === true ? await findKnexfile(resolve(cwd)) : undefined;
  return file === undefined ? undefined : { file, isNamed: false };
}

/** The environment of the knexfile whose connection is used. */
function environmentOf(
  { cwd = workingDirectory(), forTests }: ResolveTargetOptions,
  { config, env, filepath }: LoadedConfig,
  file: string,
): string {
  const template = forTests === true ? config.testing?.template : forTests;
  const folder = filepath === null ? cwd : dirname(filepath);
  const isSame =
    template?.knex === true ||
    (typeof template?.knex === 'string' && resolve(folder, template.knex) === file);
  return isSame ? (template.env ?? env) : env;
}

async function configured(
  options: ResolveTargetOptions,
  loaded: LoadedConfig,
  knexfile: KnexfileChoice | undefined,
): Promise<ConfiguredConnection | undefined> {
  const { knexfile: named } = options;
  const { config, filepath, sources } = loaded;
  const given = typeof named === 'string' ? undefined : config.connection;
  if (given !== undefined && given !== '') {
    const description = sources['connection'] ?? 'the configuration';
    const value = typeof given === 'function' ? await called(given, description) : given;
    if (value !== '') return { connection: value, source: { kind: 'config', description } };
  }
  if (knexfile === undefined) return undefined;
  const env = environmentOf(options, loaded, knexfile.file);
  const { connectionOfKnexfile } = await import('./load/load-knexfile.js');
  const connection = await connectionOfKnexfile(knexfile.file, env);
  const description = `${knexfile.file}, ${env}`;
  if (connection !== undefined) return { connection, source: { kind: 'knexfile', description } };
  throw new PgEvictError('CONFIG_INVALID', `${description}: there is no connection.`, {
    hint: `Give one there${filepath === null ? '' : `, or in ${filepath}`}; if it reads a variable, such as DATABASE_URL, set that; or choose another environment with --env or NODE_ENV.`,
  });
}

async function called(connection: () => unknown, file: string): Promise<string | ConnectionSettings> {
  let value: unknown;
  try {
    value = await connection();
  } catch (error) {
    throw new PgEvictError('CONFIG_INVALID', `${file}: the function "connection" failed.`, {
      hint: 'Its error is not shown, because it may contain a password: log it there.',
      cause: error,
    });
  }
  const { validateConnection } = await import('./load/validate-config.js');
  return validateConnection(value, file);
}
