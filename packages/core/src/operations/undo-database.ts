import type { Target } from '../connection/target.js';
import { renameBlockers, replaceBlockers } from '../contract/blocker.js';
import { errorWithRemedies, PgEvictError } from '../contract/error.js';
import {
  assertOptions,
  operationOptions,
  type OperationOptions,
  undoOptions,
  type UndoOptions,
} from '../contract/options.js';
import type { Leftover, OperationReport } from '../contract/report.js';
import { type DatabaseFacts, findDatabase, inspect } from '../database/facts.js';
import type { Operation, OperationOutcome } from '../eviction/operation.js';
import { preflight } from '../eviction/preflight.js';
import { type RemedyOptions, removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { dropPrivateDatabases, privateName } from '../exclusive-access/private-databases.js';
import { unlessPlaceholder } from '../guards/placeholder.js';
import { requireCreatedb, requireOwnership, requireUnprotected } from '../guards/preconditions.js';
import { unlessProtected } from '../guards/protection-label.js';
import { renameStatement } from '../text/quote.js';
import { findKept, type Kept } from '../undo/find-kept.js';
import { giveBackStatements, type KeepingPlace, prepareKeeping } from '../undo/keep.js';
import { type KeepPlan, planKeeping, sizeOf } from '../undo/plan-keeping.js';
import { withOperation } from './with-operation.js';

/** Options of {@link undoDatabase}. */
export interface UndoDatabaseOptions
  extends OperationOptions, UndoOptions, Omit<RemedyOptions, 'unsetTemplate'> {}

/**
 * Puts back what an operation with `undoMs` has replaced or dropped: swaps the latest content that is kept of the database
 * under its name, as atomically as a recreate, with its settings, owner and privileges as they were. Where there is no
 * database of that name, the content is renamed back.
 *
 * With `undoMs` what is replaced is kept in turn, so that another undo brings it back; otherwise it is dropped.
 *
 * Needs ownership of the database and of its content, and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @returns a report with `from` and `undone`
 * @throws {@link PgEvictError} `DATABASE_NOT_FOUND` if nothing is kept of the database; `PROTECTED`, `REFUSED`,
 * `PERMISSION_DENIED`, `BLOCKED`, `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function undoDatabase(
  target: Target,
  options: UndoDatabaseOptions = {},
): Promise<OperationReport> {
  assertOptions('undoDatabase', options, {
    ...operationOptions,
    ...undoOptions,
    rollbackPrepared: true,
    dropSlots: true,
    dropSubscriptions: true,
  });
  const failure = (database: string): string => `What was kept of database "${database}" was not put back`;
  return withOperation({ command: 'undo', target, options, failure }, async (operation) => {
    const undo = await planUndo(operation, options);
    const { toRemove, report } = await preflight(
      operation,
      [
        { databases: undo.old === undefined ? [] : [operation.database], blockedBy: replaceBlockers },
        { databases: [undo.kept.name], blockedBy: renameBlockers },
      ],
      options,
    );
    await operation.step('checked');
    const outcome = { from: undo.kept.name, undone: undo.undone, notKept: undo.keeping.notKept };
    if (operation.dryRun) {
      const place = await prepareKeeping(operation, undo.keeping);
      return { ...report, ...outcome, kept: place?.kept ?? null };
    }
    await removeBlockers(operation, toRemove);
    return { ...outcome, ...(await swapBack(operation, undo)), removed: report.removed };
  });
}

interface UndoPlan {
  readonly kept: Kept;
  readonly undone: NonNullable<OperationReport['undone']>;
  /** What has the name now. */
  readonly old: DatabaseFacts | undefined;
  /** How that is kept in turn. */
  readonly keeping: KeepPlan;
}

/** Looks what would be put back, and whether the role may. */
async function planUndo(operation: Operation, options: UndoOptions): Promise<UndoPlan> {
  const { database, failure, runner } = operation;
  const kept = await findLatest(operation);
  const inspection = await inspect(runner.client, [database, kept.name]);
  const content = requireUnprotected(inspection, kept.name);
  const old =
    findDatabase(inspection, database) === undefined ? undefined : requireUnprotected(inspection, database);
  requireCreatedb(inspection, database, failure);
  requireOwnership(inspection, content, failure);
  if (old !== undefined) {
    requireOwnership(inspection, old, failure);
    refuseStrange(operation, content, old, inspection.role);
  }
  const undone = {
    sizeBytes: await sizeOf(operation, content),
    keptAt: new Date((kept.note?.at ?? 0) * 1000).toISOString(),
    by: kept.note?.by ?? '',
  };
  return { kept, undone, old, keeping: await planKeeping(operation, old, options) };
}

/** @throws `DATABASE_NOT_FOUND` if nothing is kept of the operation's database */
async function findLatest({ control, database, failure }: Operation): Promise<Kept> {
  const kept = await findKept(control.client, database);
  const latest = kept.find(({ note, invalid }) => note?.of === database && !invalid);
  if (latest !== undefined) return latest;
  const changed = kept.find(({ invalid }) => !invalid);
  if (changed !== undefined) {
    throw new PgEvictError(
      'REFUSED',
      `${failure}: the comment of "${changed.name}", which says what it is, has been changed.`,
      {
        database,
        hint: `Look into it, then rename it yourself: ALTER DATABASE "${changed.name}" ALLOW_CONNECTIONS true;`,
      },
    );
  }
  const problem = `Nothing is kept of database "${database}".`;
  throw errorWithRemedies('DATABASE_NOT_FOUND', problem, [{ kind: 'keep-for-undo' }], { database });
}

/**
 * Every role with CREATEDB can give a database such a name. It is ours only if it belongs to a role that could have replaced
 * the database itself.
 *
 * @throws `REFUSED`
 */
function refuseStrange(
  { database, failure }: Operation,
  content: DatabaseFacts,
  old: DatabaseFacts,
  role: string,
): void {
  if (content.owner === old.owner || content.owner === role || content.ownerSuperuser) return;
  throw new PgEvictError(
    'REFUSED',
    `${failure}: "${content.name}" belongs to "${content.owner}", and "${database}" to "${old.owner}".`,
    { database, hint: 'If its content is what you want, rename the two yourself.' },
  );
}

/** Exchanges the names, in one transaction, then drops what is not kept. */
async function swapBack(operation: Operation, undo: UndoPlan): Promise<OperationOutcome> {
  const { database } = operation;
  const { kept, old, keeping } = undo;
  const place = await prepareKeeping(operation, keeping);
  const aside = old === undefined ? undefined : (place?.name ?? privateName(operation, 'old'));
  await runExclusively(operation, {
    sql: [
      ...(aside === undefined ? [] : [renameStatement(database, aside)]),
      renameStatement(kept.name, database),
      ...giveBackStatements(database, kept),
      ...(aside === undefined ? [] : [unlessPlaceholder(aside), unlessProtected(aside)]),
      ...(place?.statements ?? []),
    ].join('; '),
    databases: aside === undefined ? [kept.name] : [database, kept.name],
    sessions: 'end',
    blockedBy: renameBlockers,
  });
  await operation.step('swapped');
  const leftovers = await dropUnlessKept(operation, aside, place);
  return {
    changed: true,
    ...(old === undefined ? { created: true as const } : {}),
    kept: place?.kept ?? null,
    leftovers,
  };
}

async function dropUnlessKept(
  operation: Operation,
  aside: string | undefined,
  place: KeepingPlace | undefined,
): Promise<Leftover[]> {
  if (aside === undefined || place !== undefined) return [];
  const leftovers = await dropPrivateDatabases(operation, [aside]);
  await operation.step('dropped');
  return leftovers;
}
