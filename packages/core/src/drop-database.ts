import { dropBlockers } from './blocker.js';
import { quoteIdentifier } from './identifier.js';
import { inspect } from './inspect.js';
import { withOperation } from './with-operation.js';
import type { OperationOptions, OperationReport } from './operation-report.js';
import { preflight } from './preflight.js';
import { removeBlockers, type RemedyOptions } from './remove-blockers.js';
import { findDatabase, requireUnprotected, requireOwnership } from './require.js';
import { runExclusively } from './run-exclusively.js';
import type { Target } from './target.js';

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
  return withOperation('drop', target, options, [], async (operation) => {
    const { database, runner } = operation;
    const failure = `Database "${database}" was not dropped`;
    const inspection = await inspect(runner.client, [database]);
    if (options.ifExists === true && findDatabase(inspection, database) === undefined)
      return { changed: false };
    const facts = requireUnprotected(inspection, database);
    requireOwnership(inspection, facts, failure);
    const needs = { databases: [database], blockedBy: dropBlockers };
    const { toRemove, report } = await preflight(operation, failure, [needs], options);
    await operation.step('checked');
    if (operation.dryRun) return report;
    await removeBlockers(operation, toRemove, failure);
    await runExclusively(operation, {
      ...needs,
      failure,
      sql: `DROP DATABASE ${quoteIdentifier(database)}`,
      sessions: 'end',
    });
    await operation.step('dropped');
    return { changed: true, removed: report.removed };
  });
}
