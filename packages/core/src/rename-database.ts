import { assertOptions } from './assert-options.js';
import { renameBlockers } from './blocker.js';
import { assertDatabaseName, renameStatement } from './identifier.js';
import { inspect } from './inspect.js';
import { withOperation } from './with-operation.js';
import { operationOptions, type OperationOptions, type OperationReport } from './operation-report.js';
import { unlessPlaceholder } from './placeholder.js';
import { preflight } from './preflight.js';
import { removeBlockers, type RemedyOptions } from './remove-blockers.js';
import { requireAbsent, requireCreatedb, requireUnprotected, requireOwnership } from './require.js';
import { runExclusively } from './run-exclusively.js';
import type { Target } from './target.js';

/**
 * Ends the other sessions of a database and renames it. Everything that belongs to the database goes with it.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `DATABASE_EXISTS`,
 * `PERMISSION_DENIED`, `BLOCKED`, `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 * @see https://www.postgresql.org/docs/current/sql-alterdatabase.html
 */
export async function renameDatabase(
  target: Target,
  to: string,
  options: OperationOptions & Pick<RemedyOptions, 'rollbackPrepared'> = {},
): Promise<OperationReport> {
  assertOptions('renameDatabase', options, { ...operationOptions, rollbackPrepared: true });
  assertDatabaseName(to, 'new database name');
  return withOperation('rename', target, options, [to], async (operation) => {
    const { database, runner } = operation;
    const failure = `Database "${database}" was not renamed to "${to}"`;
    const inspection = await inspect(runner.client, [database, to]);
    const facts = requireUnprotected(inspection, database);
    requireAbsent(inspection, to, 'Choose another name, or drop that database first.');
    requireOwnership(inspection, facts, failure);
    requireCreatedb(inspection, database, failure);
    const needs = { databases: [database], blockedBy: renameBlockers };
    const { toRemove, report } = await preflight(operation, failure, [needs], options);
    await operation.step('checked');
    if (operation.dryRun) return { ...report, to };
    await removeBlockers(operation, toRemove, failure);
    await runExclusively(operation, {
      ...needs,
      failure,
      sql: [renameStatement(database, to), unlessPlaceholder(to)].join('; '),
      sessions: 'end',
    });
    await operation.step('renamed');
    return { changed: true, to, removed: report.removed };
  });
}
