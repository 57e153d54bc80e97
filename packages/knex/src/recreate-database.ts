import {
  recreateDatabase as recreate,
  type OperationReport,
  type RecreateDatabaseOptions,
} from '@pg-evict/core';
import type { Knex } from 'knex';
import { settingsOfClient } from './connection-settings.js';
import { clientOf } from './knex-client.js';
import { operationOf } from './operation-of.js';
import { targetOf, type TargetOptions } from './target.js';

/**
 * Replaces the database an instance is connected to by a new, empty one; see `recreateDatabase` of core. The
 * sessions of the instance's own pool are ended like all others, and the pool goes on: it replaces them when they are
 * next needed, so there is nothing to destroy or initialize.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system, and
 * what `recreateDatabase` of core throws
 */
export async function recreateDatabase(
  knex: Knex,
  options: RecreateDatabaseOptions & TargetOptions = {},
): Promise<OperationReport> {
  const client = clientOf(knex, 'recreateDatabase');
  return recreate(targetOf(await settingsOfClient(client), options), operationOf(options));
}
