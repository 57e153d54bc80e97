import type { ConnectionSettings, Pooler, SessionPattern, Target } from '@pg-evict/core';
import { resolveConnection, type ResolvedConnection } from './connection/resolve-connection.js';
import {
  chooseKnexfile,
  configuredConnection,
  type KnexfileOptions,
  type TemplateOfKnex,
} from './load/configured-connection.js';
import { loadConfig, type LoadConfigOptions, type LoadedConfig } from './load/load-config.js';

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
}

/** The same for a run of tests. */
export interface ResolveTestTargetOptions extends ResolveTargetOptions {
  /**
   * The run's template. Its `env` chooses the environment whose connection is used, too, if it is filled from the same
   * knexfile.
   * @default that of the configuration
   */
  readonly template?: TemplateOfKnex | undefined;
}

type AnyOptions = ResolveTargetOptions & KnexfileOptions;

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
  return resolveAny(options);
}

/** The same for a run of tests. */
export async function resolveTestTarget({
  template,
  ...options
}: ResolveTestTargetOptions): Promise<ResolvedConfiguration> {
  return resolveAny({ ...options, forTests: template ?? true });
}

async function resolveAny(options: AnyOptions): Promise<ResolvedConfiguration> {
  const loaded = await loadConfig(options);
  const knexfile = await chooseKnexfile(options, loaded);
  const { asAdmin, asApplication } = await connectionsOf(options, loaded, knexfile);
  const { config } = loaded;
  return {
    ...loaded,
    target: {
      connection: asAdmin ?? asApplication.settings,
      database: options.database ?? asApplication.settings.database,
      maintenanceDatabase: options.maintenanceDatabase ?? config.maintenanceDatabase,
      protect: config.protect,
      // If the command line names a server, the configured poolers belong to another one.
      poolers: options.poolers ?? (namesServer(options) ? undefined : config.poolers),
    },
    connection: asApplication,
    sessions: config.sessions ?? {},
    confirm: confirmationOf(loaded),
    undo: config.undo,
    knexfile: knexfile ?? null,
    sources: {
      ...withoutConnection(loaded.sources, asAdmin === undefined),
      ...asApplication.origins,
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
  options: AnyOptions,
  loaded: LoadedConfig,
  knexfile: string | undefined,
): Promise<{ asApplication: ResolvedConnection; asAdmin: ConnectionSettings | undefined }> {
  const { host, port, url, user, processEnv: env = process.env } = options;
  const isElsewhere = namesServer(options);
  const given = {
    url,
    host,
    port,
    user,
    configured: isElsewhere ? undefined : await configuredConnection(options, loaded, knexfile),
    env,
  };
  const asApplication = await resolveConnection(given);
  const { admin } = loaded.config;
  // A password belongs to the server and role it was written down with; a command line that names another one needs its
  // own.
  if (admin === undefined || isElsewhere || user !== undefined) return { asApplication, asAdmin: undefined };
  const { settings } = await resolveConnection({ ...given, user: admin.user });
  const { password = settings.password } = admin;
  return { asApplication, asAdmin: { ...settings, ...(password === undefined ? {} : { password }) } };
}

function withoutConnection(
  { connection: _connection, admin, ...rest }: Readonly<Record<string, string>>,
  adminIsUnused: boolean,
): Record<string, string> {
  return { ...rest, ...(admin === undefined || adminIsUnused ? {} : { admin }) };
}
