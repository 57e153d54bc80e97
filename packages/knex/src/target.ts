import type { ConnectionSettings, Target } from '@pg-evict/core';

/** What a target takes from options. */
export type TargetOptions = Pick<Target, 'maintenanceDatabase' | 'protect'>;

/** A database reached with settings of knex. */
export function targetOf(
  connection: ConnectionSettings,
  { maintenanceDatabase, protect }: TargetOptions,
  database = connection.database,
): Target {
  return { connection, database, maintenanceDatabase, protect };
}
