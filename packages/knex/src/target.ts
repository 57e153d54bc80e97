import { flattenConnection, type ConnectionSettings, type Target } from '@pg-evict/core';

/** What a target takes from options. */
export interface TargetOptions extends Pick<Target, 'maintenanceDatabase' | 'protect'> {
  /**
   * How to reach the server for the operation itself, as a role that has the privileges for it. A database that it
   * names is not looked at: the one worked on is the instance's.
   * @default the settings of the instance
   */
  readonly adminConnection?: Target['connection'];
}

/** A database reached with settings of knex. */
export function targetOf(
  connection: ConnectionSettings,
  { adminConnection, maintenanceDatabase, protect }: TargetOptions,
  database = connection.database,
): Target {
  return {
    connection: adminConnection === undefined ? connection : withoutDatabase(adminConnection),
    database,
    maintenanceDatabase,
    protect,
  };
}

function withoutDatabase(connection: string | ConnectionSettings): ConnectionSettings {
  const { database: _, ...server } = flattenConnection(connection);
  return server;
}
