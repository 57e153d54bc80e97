import type { Target } from '../connection/target.js';
import { assertDatabaseName, assertNameToKeep } from '../contract/database-name.js';
import { PgEvictError } from '../contract/error.js';
import { assertOptions, operationOptions, undoOptions } from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { dropPrivateDatabases } from '../exclusive-access/drop-private-databases.js';
import { refuseProtectedByNow } from '../guards/protection-label.js';
import { createSuccessor } from '../successor/create-successor.js';
import { SuccessorFill } from '../successor/fill-successor.js';
import { fateOfReplaced, lookAgain, lookAtReplaced } from '../successor/look-at-replaced.js';
import { copiedFrom, planRecreation, type Recreation } from '../successor/plan-recreation.js';
import type { RecreateDatabaseOptions } from '../successor/recreate-options.js';
import { type RefreshedSettings, refreshSettings } from '../successor/refresh-settings.js';
import { swapIn } from '../successor/swap-in.js';
import { withOperation } from './with-operation.js';

/**
 * Replaces a database by a new, empty one (or a copy of a template), and terminates the other sessions. Atomic: the new
 * database is created beside the old one under a private name, both are renamed in one transaction, then the old one is
 * dropped, or kept under another name. The name always exists. Whatever step fails, the old database still has its
 * name.
 *
 * A client that was queued behind the swap is refused once, with 3D000: PostgreSQL checks the name again when the lock
 * is released. Its next attempt finds the new database.
 *
 * Databases that an earlier, killed run left aside are dropped on the way.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `DATABASE_EXISTS` (`keepOldAs`),
 * `PERMISSION_DENIED`, `BLOCKED`, `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`,
 * `UNEXPECTED` (such as disk full)
 */
export async function recreateDatabase(
  target: Target,
  options: RecreateDatabaseOptions = {},
): Promise<OperationReport> {
  assertOptions('recreateDatabase', options, {
    ...operationOptions,
    ...undoOptions,
    rollbackPrepared: true,
    dropSlots: true,
    dropSubscriptions: true,
    ifNotExists: true,
    template: true,
    owner: true,
    keepSettings: true,
    fill: true,
    keepOldAs: true,
  });
  const { template, fill, keepOldAs } = options;
  if (template !== undefined) assertDatabaseName(template, 'template name');
  if (keepOldAs !== undefined) {
    assertNameToKeep(keepOldAs);
    assertKeptOnce(options);
  }
  const request = {
    command: 'recreate' as const,
    target,
    options,
    others: [...copiedFrom(template), ...(keepOldAs === undefined ? [] : [keepOldAs])],
    failure: (database: string) => `Database "${database}" was not recreated`,
  };
  const filling = fill === undefined ? undefined : new SuccessorFill(fill, target);
  const recreating = withOperation(request, async (operation) => {
    const plan = await planRecreation(operation, options);
    await operation.step('checked');
    const looking = lookAtReplaced(operation, plan.old, options);
    if (operation.dryRun) return { ...plan.report, ...fateOfReplaced(await looking) };
    // If the new database cannot be created, that error is the one to throw.
    looking.catch(() => undefined);
    try {
      const refused = await createSuccessor(operation, plan.successor, plan.statement, plan.like);
      let replaced = await looking;
      const swapped =
        filling === undefined
          ? await swapIn(operation, plan, replaced)
          : await filling.fill(operation, plan.successor, async (live) => {
              // Filling may have taken hours.
              await refuseProtectedByNow(live.control.client, [live.database]);
              replaced = await lookAgain(live, replaced);
              return swapIn(live, plan, replaced, await refreshed(live, plan));
            });
      const notCarriedOver = [...refused, ...swapped.notCarriedOver];
      const { removed } = plan.report;
      const { leftovers } = swapped;
      return { changed: true, ...plan.fate, ...fateOfReplaced(replaced), notCarriedOver, removed, leftovers };
    } catch (error) {
      // Once it has replaced the old one, there is no database of that name.
      if (filling === undefined)
        operation.leftovers.push(...(await dropPrivateDatabases(operation, [plan.successor])));
      else await filling.giveUp(operation, plan.successor);
      throw error;
    }
  });
  return filling === undefined ? recreating : filling.rethrow(recreating);
}

/** @throws `CONFIG_INVALID` */
function assertKeptOnce({ undoMs, keepOldAs }: RecreateDatabaseOptions): void {
  if (undoMs === undefined) return;
  throw new PgEvictError('CONFIG_INVALID', 'The old database cannot be kept twice: keepOldAs and undoMs.', {
    hint: `Leave one of them out: keepOldAs keeps it as "${keepOldAs ?? ''}" for good, undoMs for a time.`,
  });
}

/** Gives a new, filled database the changes that were made to the old one's settings meanwhile. */
async function refreshed(
  operation: Operation,
  { model, statement, successor }: Recreation,
): Promise<RefreshedSettings | undefined> {
  return model === undefined ? undefined : refreshSettings(operation, successor, model, statement.owner);
}
