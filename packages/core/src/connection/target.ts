import { assertDatabaseName } from '../contract/database-name.js';
import { PgEvictError } from '../contract/error.js';
import { assertOneHost, type ConnectionSettings, flattenConnection } from './flatten-connection.js';

/** Databases never to be touched: by name, by host, or both; `*` any characters, `?` one. */
export interface ProtectPattern {
  readonly database?: string | undefined;
  readonly host?: string | undefined;
}

/** A connection pooler in front of the server: PgBouncer, or another one with the same admin console. */
export interface Pooler {
  /**
   * Leads to its admin console, as one of its `admin_users`: `postgres://admin:password@localhost:6432/pgbouncer`. The
   * port and database of this example are the defaults.
   */
  readonly url: string;
  /**
   * The aliases to pause, by their names in the pooler.
   * @default those that lead to the database, unless they are known to lead to another server
   */
  readonly databases?: readonly string[] | undefined;
}

/** A database on a server, and how to reach it. */
export interface Target {
  /** A URL or settings. Missing settings come from libpq's environment variables. */
  readonly connection?: string | ConnectionSettings | undefined;
  /** The database to work on. @default the one the connection names */
  readonly database?: string | undefined;
  /**
   * The database that administrative commands connect to. It cannot be the database worked on.
   * @default 'postgres', or 'template1' if that does not exist
   */
  readonly maintenanceDatabase?: string | undefined;
  /** Databases never to be touched; a string is a pattern for the database name. @default none */
  readonly protect?: readonly (string | ProtectPattern)[] | undefined;
  /**
   * Poolers whose clients wait, instead of failing, while an operation needs exclusive access to the database.
   * @default none
   */
  readonly poolers?: readonly Pooler[] | undefined;
}

/** A {@link Pooler} checked and flattened. */
export interface ResolvedPooler {
  readonly settings: ConnectionSettings;
  readonly databases: readonly string[] | undefined;
}

/** A {@link Target} checked and flattened: no connection string left that could override anything. */
export interface ResolvedTarget {
  readonly settings: ConnectionSettings;
  readonly database: string;
  readonly maintenanceDatabases: readonly [string, ...string[]];
  readonly protect: readonly ProtectPattern[];
  readonly poolers: readonly ResolvedPooler[];
}

/**
 * Checks a target and fills in its defaults. Sends nothing to the server.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` for a value that is not a target, a bad name or URL, `REFUSED` when the
 * target database is also the maintenance database
 */
export function resolveTarget(target: Target): ResolvedTarget {
  assertTarget(target);
  const { database: connected, ...settings } = flattenConnection(target.connection);
  if (settings.host === undefined) assertOneHost(process.env['PGHOST'], 'PGHOST');
  const database = target.database ?? connected ?? process.env['PGDATABASE'];
  if (database === undefined) {
    throw new PgEvictError('CONFIG_INVALID', 'No database is named.', {
      hint: 'Name one: as an argument, in the connection URL (DATABASE_URL), or in PGDATABASE.',
    });
  }
  assertDatabaseName(database);
  const { maintenanceDatabase } = target;
  if (maintenanceDatabase !== undefined) assertDatabaseName(maintenanceDatabase, 'maintenance database name');
  return {
    settings,
    database,
    maintenanceDatabases: maintenanceDatabasesOf(maintenanceDatabase),
    protect: (target.protect ?? []).map((p) => (typeof p === 'string' ? { database: p } : p)),
    poolers: (target.poolers ?? []).map(resolvePooler),
  };
}

/** Where administrative commands connect, the first that exists. */
export function maintenanceDatabasesOf(named: string | undefined): readonly [string, ...string[]] {
  return named === undefined ? ['postgres', 'template1'] : [named];
}

/** JavaScript has no compiler that would notice it, and a bare URL would be ignored in favour of PGDATABASE. */
function assertTarget(target: unknown): asserts target is Target {
  if (typeof target !== 'object' || target === null) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `The target is ${target === null ? 'null' : `of type ${typeof target}`}.`,
      {
        hint: 'Write it as an object: { connection: url, database: name }.',
      },
    );
  }
  assertList(target, 'protect', "['prod*', { host: '*.example.com' }]");
  assertList(target, 'poolers', poolersExample);
}

const poolersExample = "[{ url: 'postgres://admin:password@localhost:6432/pgbouncer' }]";

function assertList(target: object, field: 'poolers' | 'protect', example: string): void {
  const value = (target as Record<string, unknown>)[field];
  if (value === undefined || Array.isArray(value)) return;
  throw new PgEvictError('CONFIG_INVALID', `"${field}" is not a list.`, {
    hint: `Write it as one, such as ${example}.`,
  });
}

/** @throws `CONFIG_INVALID`; the message never shows the URL */
function resolvePooler(pooler: Pooler): ResolvedPooler {
  const { url, databases } = Object(pooler) as Partial<Pooler>;
  if (typeof url !== 'string' || (databases !== undefined && !Array.isArray(databases))) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      'A pooler is not an object with its "url", and "databases" as a list of names.',
      {
        hint: `Write "poolers" as in ${poolersExample}.`,
      },
    );
  }
  const settings = flattenConnection(url, 'The URL of a pooler');
  // The driver would fill in those of the server.
  return { settings: { port: 6432, database: 'pgbouncer', ...settings }, databases };
}
