import {
  dropDatabase as drop,
  type DropDatabaseOptions,
  type OperationReport,
  recreateDatabase as recreate,
  type RecreateDatabaseOptions,
  terminateSessions as terminate,
  type TerminateSessionsOptions,
  type TerminationReport,
} from '@pg-evict/core';
import type { Knex } from 'knex';
import { clientOf } from './client/knex-internals.js';
import { settingsOfClient } from './client/settings.js';
import { operationOf, targetOf, type TargetOptions } from './client/target.js';

/**
 * Drops the database an instance is connected to, and terminates all sessions on it, those of the instance's own pool
 * included; see `dropDatabase` of core. The pool is left as it is: its next connection is refused with 3D000, or
 * creates the database, as configured (`ensureDatabase`).
 *
 * Needs ownership of the database and, for sessions of other roles, `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system, and
 * the errors of core's `dropDatabase`
 */
export async function dropDatabase(
  knex: Knex,
  options: DropDatabaseOptions & TargetOptions = {},
): Promise<OperationReport> {
  const client = clientOf(knex, 'dropDatabase');
  return drop(targetOf(await settingsOfClient(client), options), operationOf(options));
}

/**
 * Replaces the database an instance is connected to by a new, empty one; see `recreateDatabase` of core. The sessions
 * of the instance's own pool are terminated like all others, and the pool goes on: it replaces them when they are next
 * needed, so there is nothing to destroy or initialize.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system, and
 * the errors of core's `recreateDatabase`
 */
export async function recreateDatabase(
  knex: Knex,
  options: RecreateDatabaseOptions & TargetOptions = {},
): Promise<OperationReport> {
  const client = clientOf(knex, 'recreateDatabase');
  return recreate(targetOf(await settingsOfClient(client), options), operationOf(options));
}

/**
 * Terminates the sessions of the database an instance is connected to, and verifies that they are gone; see
 * `terminateSessions` of core. The sessions of the instance's own pool are among them, unless `filter` or `keep` says
 * otherwise; the pool replaces them when they are next needed.
 *
 * Needs, for sessions of other roles, their privileges or `pg_signal_backend`.
 *
 * @returns also when sessions were denied or remain; look at `denied` and `remaining`
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system, and
 * the errors of core's `terminateSessions`
 */
export async function terminateSessions(
  knex: Knex,
  options: Omit<TerminateSessionsOptions, 'database'> & TargetOptions = {},
): Promise<TerminationReport> {
  const client = clientOf(knex, 'terminateSessions');
  // Not with the plugin either: it does not wait for the sessions it terminates.
  const { drainMs: _drain, ...operation } = operationOf<
    TerminateSessionsOptions & TargetOptions & { drainMs?: number }
  >(options);
  return terminate(targetOf(await settingsOfClient(client), options), operation);
}
