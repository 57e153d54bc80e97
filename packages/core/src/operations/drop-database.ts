import type { Target } from '../connection/target.js';
import { dropBlockers } from '../contract/blocker.js';
import { assertOptions, operationOptions, type OperationOptions } from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import { findDatabase, inspect } from '../database/facts.js';
import type { Operation } from '../eviction/operation.js';
import { preflight } from '../eviction/preflight.js';
import { type RemedyOptions, removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { requireOwnership, requireUnprotected } from '../guards/preconditions.js';
import { quoteIdentifier } from '../text/quote.js';
import { withOperation } from './with-operation.js';

/** Options of {@link dropDatabase}. */
export interface DropDatabaseOptions extends OperationOptions, RemedyOptions {
  /**
   * Does nothing when the database does not exist.
   * @default false
   */
  readonly ifExists?: boolean | undefined;
}

/**
 * Ends the other sessions of a database and drops it. If a session may not be ended, or anything else stands in the
 * way, nobody is ended and the database stays.
 *
 * Needs ownership of the database and, for sessions of other roles, `pg_signal_backend` (a superuser for those of
 * superusers).
 *
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `PERMISSION_DENIED`, `BLOCKED`,
 * `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 * @see https://www.postgresql.org/docs/current/sql-dropdatabase.html
 */
export async function dropDatabase(
  target: Target,
  options: DropDatabaseOptions = {},
): Promise<OperationReport> {
  assertOptions('dropDatabase', options, {
    ...operationOptions,
    rollbackPrepared: true,
    dropSlots: true,
    dropSubscriptions: true,
    unsetTemplate: true,
    ifExists: true,
  });
  const failure = (database: string): string => `Database "${database}" was not dropped`;
  return withOperation({ command: 'drop', target, options, failure }, async (operation) => {
    const { database, runner } = operation;
    const inspection = await inspect(runner.client, [database]);
    if (options.ifExists === true && findDatabase(inspection, database) === undefined)
      return { changed: false };
    const facts = requireUnprotected(inspection, database);
    requireOwnership(inspection, facts, operation.failure);
    const needs = { databases: [database], blockedBy: dropBlockers };
    const { toRemove, report } = await preflight(operation, [needs], options);
    await operation.step('checked');
    if (operation.dryRun) return report;
    try {
      await removeBlockers(operation, toRemove);
      await runExclusively(operation, {
        ...needs,
        sql: `DROP DATABASE ${quoteIdentifier(database)}`,
        sessions: 'end',
      });
    } catch (error) {
      if (toRemove.some(({ kind }) => kind === 'template')) await setTemplateAgain(operation);
      throw error;
    }
    await operation.step('dropped');
    return { changed: true, removed: report.removed };
  });
}

/** A database that stays is what it was. One that is half dropped cannot be altered: to try ends our session. */
async function setTemplateAgain({ control, database, removed }: Operation): Promise<void> {
  try {
    const { rows } = await control.client.query(
      'SELECT FROM pg_database WHERE datname = $1 AND datconnlimit <> -2',
      [database],
    );
    if (rows.length === 0) return;
    await control.client.query(
      `SET lock_timeout = '2s'; ALTER DATABASE ${quoteIdentifier(database)} IS_TEMPLATE true`,
    );
    const flag = removed.findIndex(({ kind }) => kind === 'template');
    if (flag !== -1) removed.splice(flag, 1);
  } catch {
    // What failed before is what the caller is told.
  }
}
