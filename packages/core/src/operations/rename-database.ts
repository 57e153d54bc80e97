import { PgEvictError } from '../contract/error.js';
import type { Target } from '../connection/target.js';
import { renameBlockers } from '../contract/blocker.js';
import { assertDatabaseName } from '../contract/database-name.js';
import { assertOptions, operationOptions, type OperationOptions } from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import { inspect } from '../database/facts.js';
import { preflight } from '../eviction/preflight.js';
import { type RemedyOptions, removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { unlessGuarded } from '../guards/unless-guarded.js';
import {
  requireAbsent,
  requireCreatedb,
  requireOwnership,
  requireUnprotected,
} from '../guards/preconditions.js';
import { renameStatement } from '../text/quote.js';
import { refuseKept } from '../undo/refuse-kept.js';
import { withOperation } from './with-operation.js';

/**
 * Terminates the other sessions of a database and renames it. Its settings, privileges and comment stay with it.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `DATABASE_EXISTS`, `PERMISSION_DENIED`,
 * `BLOCKED`, `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 * @see https://www.postgresql.org/docs/current/sql-alterdatabase.html
 */
export async function renameDatabase(
  target: Target,
  to: string,
  options: OperationOptions & Pick<RemedyOptions, 'rollbackPrepared'> = {},
): Promise<OperationReport> {
  assertOptions('renameDatabase', options, { ...operationOptions, rollbackPrepared: true });
  assertDatabaseName(to, 'new database name');
  const request = {
    command: 'rename' as const,
    target,
    options,
    others: [to],
    failure: (database: string) => `Database "${database}" was not renamed to "${to}"`,
  };
  return withOperation(request, async (operation) => {
    const { database, failure, runner } = operation;
    if (to === database) {
      throw new PgEvictError('CONFIG_INVALID', `Database "${database}" already has this name.`, {
        database,
        hint: 'Choose another name.',
      });
    }
    refuseKept([database], failure);
    const inspection = await inspect(runner.client, [database, to]);
    const facts = requireUnprotected(inspection, database);
    requireAbsent(inspection, to, {
      kind: 'advice',
      text: 'Choose another name, or drop that database first.',
    });
    requireOwnership(inspection, facts, failure);
    requireCreatedb(inspection, database, failure);
    const needs = { databases: [database], blockedBy: renameBlockers };
    const { toRemove, report } = await preflight(operation, [needs], options);
    await operation.step('checked');
    if (operation.dryRun) return { ...report, to };
    await removeBlockers(operation, toRemove);
    await runExclusively(operation, {
      ...needs,
      sql: [renameStatement(database, to), unlessGuarded(to)].join('; '),
      sessions: 'end',
      renames: true,
    });
    await operation.step('renamed');
    return { changed: true, to, removed: report.removed };
  });
}
