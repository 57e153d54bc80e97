import { type ConnectionSettings, type OperationOptions, type Target } from '@pg-evict/core';
import { flattenConnection } from '@pg-evict/core/internal';

/** The options that belong to a target. */
export interface TargetOptions extends Pick<Target, 'maintenanceDatabase' | 'protect' | 'poolers'> {
  /**
   * The connection for the operation itself, as a role that has the privileges for it. Its database is ignored: the
   * operation works on the instance's.
   * @default the settings of the instance
   */
  readonly adminConnection?: Target['connection'];
}

/** A database that is reached with settings of knex. */
export function targetOf(
  connection: ConnectionSettings,
  { adminConnection, maintenanceDatabase, protect, poolers }: TargetOptions,
  database = connection.database,
): Target {
  return {
    connection: adminConnection === undefined ? connection : withoutDatabase(adminConnection),
    database,
    maintenanceDatabase,
    protect,
    poolers,
  };
}

function withoutDatabase(connection: string | ConnectionSettings): ConnectionSettings {
  const { database: _, ...server } = flattenConnection(connection);
  return server;
}

/** Options of {@link withPgEvict}. */
export interface PgEvictKnexOptions
  extends Pick<OperationOptions, 'timeoutMs' | 'graceMs' | 'drainMs' | 'keep'>, TargetOptions {
  /**
   * Terminates the other sessions on a database before DROP DATABASE, ALTER DATABASE … RENAME TO or SET TABLESPACE, and
   * CREATE DATABASE … TEMPLATE reach the server.
   * @default true
   */
  readonly evict?: boolean | undefined;
  /**
   * Creates the configured database when a connection finds that it does not exist. Needs CREATEDB.
   * @default false
   */
  readonly ensureDatabase?: boolean | undefined;

  /**
   * In a test runner that gives each test file a database of its own (`@pg-evict/jest`), connects to that database
   * instead of the configured one. Turn it off for a second database that tests share.
   * @default true
   */
  readonly followsTests?: boolean | undefined;
}

/**
 * Options of an operation, without those of the target and of the plugin, which core's operations do not have: a caller
 * can pass its plugin options on.
 */
export function operationOf<Options extends TargetOptions>(
  options: Options,
): Omit<Options, keyof TargetOptions> {
  const {
    adminConnection: _admin,
    maintenanceDatabase: _maintenance,
    protect: _protect,
    poolers: _poolers,
    evict: _evict,
    ensureDatabase: _ensure,
    followsTests: _follows,
    ...operation
  } = options as Options & PgEvictKnexOptions;
  return operation as unknown as Omit<Options, keyof TargetOptions>;
}
