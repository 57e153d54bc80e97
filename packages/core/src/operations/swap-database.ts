import type { Target } from '../connection/target.js';
import { renameBlockers } from '../contract/blocker.js';
import { assertDatabaseName } from '../contract/database-name.js';
import { PgEvictError } from '../contract/error.js';
import { assertOptions, operationOptions, type OperationOptions } from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import { inspect } from '../database/facts.js';
import { preflight } from '../eviction/preflight.js';
import { type RemedyOptions, removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { privateName } from '../exclusive-access/private-databases.js';
import { unlessGuarded } from '../guards/unless-guarded.js';
import { requireCreatedb, requireOwnership, requireUnprotected } from '../guards/preconditions.js';
import { swapStatement } from '../text/quote.js';
import { refuseKept } from '../undo/refuse-kept.js';
import { withOperation } from './with-operation.js';

/**
 * Exchanges the names of two databases in one transaction, after terminating the other sessions of both. Both names
 * always exist; a client that was queued behind the swap may be refused once (3D000).
 *
 * Needs ownership of both and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `PERMISSION_DENIED`, `BLOCKED`,
 * `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function swapDatabase(
  target: Target,
  other: string,
  options: OperationOptions & Pick<RemedyOptions, 'rollbackPrepared'> = {},
): Promise<OperationReport> {
  assertOptions('swapDatabase', options, { ...operationOptions, rollbackPrepared: true });
  assertDatabaseName(other, 'name of the other database');
  const request = {
    command: 'swap' as const,
    target,
    options,
    others: [other],
    failure: (database: string) => `Databases "${database}" and "${other}" were not swapped`,
  };
  return withOperation(request, async (operation) => {
    const { database, failure, runner } = operation;
    if (other === database) {
      throw new PgEvictError('CONFIG_INVALID', `Database "${database}" cannot be swapped with itself.`, {
        database,
        hint: 'Name two databases.',
      });
    }
    const databases = [database, other];
    refuseKept(databases, failure);
    const inspection = await inspect(runner.client, databases);
    for (const name of databases) requireOwnership(inspection, requireUnprotected(inspection, name), failure);
    requireCreatedb(inspection, database, failure);
    const needs = { databases, blockedBy: renameBlockers };
    const { toRemove, report } = await preflight(operation, [needs], options);
    await operation.step('checked');
    if (operation.dryRun) return { ...report, to: other };
    await removeBlockers(operation, toRemove);
    await runExclusively(operation, {
      ...needs,
      sql: [
        swapStatement(database, other, privateName(operation, 'old')),
        ...databases.map(unlessGuarded),
      ].join('; '),
      sessions: 'end',
      renames: true,
    });
    await operation.step('swapped');
    return { changed: true, to: other, removed: report.removed };
  });
}
