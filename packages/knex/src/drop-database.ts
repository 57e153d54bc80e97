import { dropDatabase as drop, type DropDatabaseOptions, type OperationReport } from '@pg-evict/core';
import type { Knex } from 'knex';
import { settingsOfClient } from './connection-settings.js';
import { clientOf } from './knex-client.js';
import { operationOf } from './operation-of.js';
import { targetOf, type TargetOptions } from './target.js';

/**
 * Drops the database an instance is connected to, ending all sessions on it, those of the instance's own pool
 * included; see `dropDatabase` of core. The pool is left as it is: its next connection is refused with 3D000, or
 * creates the database, as configured (`ensureDatabase`).
 *
 * Needs ownership of the database and, for sessions of other roles, `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system, and
 * what `dropDatabase` of core throws
 */
export async function dropDatabase(
  knex: Knex,
  options: DropDatabaseOptions & TargetOptions = {},
): Promise<OperationReport> {
  const client = clientOf(knex, 'dropDatabase');
  return drop(targetOf(await settingsOfClient(client), options), operationOf(options));
}
