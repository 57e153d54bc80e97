import type { Target } from '../connection/target.js';
import { renameBlockers, replaceBlockers } from '../contract/blocker.js';
import { isPgEvictError, PgEvictError } from '../contract/error.js';
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
import { dropPrivateDatabases } from '../exclusive-access/drop-private-databases.js';
import { privateName } from '../exclusive-access/private-databases.js';
import { unlessGuarded } from '../guards/unless-guarded.js';
import { requireCreatedb, requireOwnership, requireUnprotected } from '../guards/preconditions.js';
import { unlessProtected } from '../guards/protection-label.js';
import { renameStatement } from '../text/quote.js';
import { chooseLatest } from '../undo/choose-latest.js';
import { dropPrevious } from '../undo/drop-kept.js';
import { findKept, type Kept } from '../undo/find-kept.js';
import { giveBackStatements, type KeepingPlace, prepareKeeping } from '../undo/keep.js';
import { type KeepPlan, planKeeping, sizeOf } from '../undo/plan-keeping.js';
import { withOperation } from './with-operation.js';

/** Options of {@link undoDatabase}. */
export interface UndoDatabaseOptions
  extends OperationOptions, UndoOptions, Omit<RemedyOptions, 'unsetTemplate'> {}

/**
 * Restores the content that an operation with `undoMs` has replaced or dropped: swaps the latest kept content in under
 * the database's name, as atomically as a recreate, with its former settings, owner and privileges. If there is no
 * database of that name, the content is renamed back.
 *
 * With `undoMs` the replaced content is kept in turn, so that another undo brings it back; otherwise it is dropped.
 *
 * Needs ownership of the database and of its content, and CREATEDB, and for sessions of other roles
 * `pg_signal_backend`.
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
  const failure = (database: string): string => `The kept content of database "${database}" was not restored`;
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
      const { place } = await prepareKeeping(operation, undo.keeping);
      return { ...report, ...outcome, kept: place?.kept ?? null };
    }
    await removeBlockers(operation, toRemove);
    return { ...outcome, ...(await swapBack(operation, undo)), removed: report.removed };
  });
}

interface UndoPlan {
  readonly kept: Kept;
  /** Other content that was kept of the database. */
  readonly others: readonly Kept[];
  readonly undone: NonNullable<OperationReport['undone']>;
  /** The database that has the name now. */
  readonly old: DatabaseFacts | undefined;
  /** How that is kept in turn. */
  readonly keeping: KeepPlan;
}

/** Finds the content that would be restored, and checks whether the role may. */
async function planUndo(operation: Operation, options: UndoOptions): Promise<UndoPlan> {
  const { control, database, failure, runner } = operation;
  const found = await findKept(control.client, database);
  const inspection = await inspect(runner.client, [database, ...found.map(({ name }) => name)]);
  const old =
    findDatabase(inspection, database) === undefined ? undefined : requireUnprotected(inspection, database);
  const kept = chooseLatest(operation, found, old);
  if (findDatabase(inspection, kept.name) === undefined) throw putBackMeanwhile(operation, kept);
  const content = requireUnprotected(inspection, kept.name);
  requireCreatedb(inspection, database, failure);
  requireOwnership(inspection, content, failure);
  if (old !== undefined) requireOwnership(inspection, old, failure);
  const undone = {
    sizeBytes: await sizeOf(operation, content),
    keptAt: new Date((kept.note?.at ?? 0) * 1000).toISOString(),
    by: kept.note?.by ?? '',
  };
  const others = found.filter((each) => each !== kept);
  return { kept, others, undone, old, keeping: await planKeeping(operation, old, options) };
}

/** Exchanges the names, in one transaction, then drops the replaced content unless it is kept. */
async function swapBack(operation: Operation, undo: UndoPlan): Promise<OperationOutcome> {
  const { database } = operation;
  const { kept, old, keeping, others } = undo;
  const { notKept, place } = await prepareKeeping(operation, keeping);
  const aside = old === undefined ? undefined : (place?.name ?? privateName(operation, 'old'));
  try {
    await runExclusively(operation, {
      sql: swapBackSql(database, kept, aside, place),
      databases: aside === undefined ? [kept.name] : [database, kept.name],
      sessions: 'end',
      renames: true,
      blockedBy: renameBlockers,
    });
  } catch (error) {
    throw (await putBackByAnother(operation, kept, error)) ?? error;
  }
  const lost = aside === undefined || place !== undefined ? [] : [aside];
  const leftovers: Leftover[] = [];
  try {
    await operation.step('swapped');
  } finally {
    leftovers.push(
      ...(await dropPrivateDatabases(operation, lost)),
      ...(await dropPrevious(operation, others, old?.owner)),
    );
  }
  if (lost.length > 0) await operation.step('dropped');
  return {
    changed: true,
    ...(old === undefined ? { created: true as const } : {}),
    kept: place?.kept ?? null,
    notKept,
    leftovers,
  };
}

/** One transaction. A label that was set meanwhile, on either database, makes all of it fail. */
function swapBackSql(
  database: string,
  kept: Kept,
  aside: string | undefined,
  place: KeepingPlace | undefined,
): string {
  const back = [
    renameStatement(kept.name, database),
    unlessProtected(database),
    ...giveBackStatements(database, kept),
  ];
  if (aside === undefined) return back.join('; ');
  const away = [unlessGuarded(aside), ...(place?.statements ?? [])];
  return [renameStatement(database, aside), ...back, ...away].join('; ');
}

/** The kept content may be gone by the time of the swap. The transaction has then changed nothing. */
async function putBackByAnother(
  operation: Operation,
  kept: Kept,
  error: unknown,
): Promise<PgEvictError | undefined> {
  const { control, deadline } = operation;
  if (deadline.over || !isPgEvictError(error) || error.sqlState !== '3D000') return undefined;
  const { rows } = await control.client.query('SELECT FROM pg_database WHERE datname = $1', [kept.name]);
  return rows.length > 0 ? undefined : putBackMeanwhile(operation, kept, error);
}

function putBackMeanwhile({ database, failure }: Operation, { name }: Kept, cause?: unknown): PgEvictError {
  return new PgEvictError(
    'DATABASE_NOT_FOUND',
    `${failure}, and nothing was changed: "${name}" was put back or dropped by another operation meanwhile.`,
    {
      database,
      cause,
      hint: 'Check which content is kept now, then repeat the undo if you want that.',
    },
  );
}
