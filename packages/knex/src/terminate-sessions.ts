import {
  terminateSessions as terminate,
  type TerminateSessionsOptions,
  type TerminationReport,
} from '@pg-evict/core';
import type { Knex } from 'knex';
import { settingsOfClient } from './connection-settings.js';
import { clientOf } from './knex-client.js';
import { operationOf } from './operation-of.js';
import { targetOf, type TargetOptions } from './target.js';

/**
 * Ends the sessions of the database an instance is connected to, and verifies that they are gone; see
 * `terminateSessions` of core. The sessions of the instance's own pool are among them, unless `filter` or `keep` says
 * otherwise; the pool replaces them when they are next needed.
 *
 * Needs, for sessions of other roles, their privileges or `pg_signal_backend`.
 *
 * @returns also when sessions were denied or remain; look at `denied` and `remaining`
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system, and
 * what `terminateSessions` of core throws
 */
export async function terminateSessions(
  knex: Knex,
  options: Omit<TerminateSessionsOptions, 'database'> & TargetOptions = {},
): Promise<TerminationReport> {
  const client = clientOf(knex, 'terminateSessions');
  return terminate(targetOf(await settingsOfClient(client), options), operationOf(options));
}
