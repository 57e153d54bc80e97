import type { Target } from '../connection/target.js';
import { dropBlockers, renameBlockers } from '../contract/blocker.js';
import { databaseNotFound, errorWithRemedies } from '../contract/error.js';
import {
  assertOptions,
  operationOptions,
  type OperationOptions,
  undoOptions,
  type UndoOptions,
} from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import { type DatabaseFacts, findDatabase, inspect, type Inspection } from '../database/facts.js';
import type { Operation, OperationOutcome } from '../eviction/operation.js';
import { findStandbys } from '../blockers/find-standbys.js';
import { preflight } from '../eviction/preflight.js';
import { type RemedyOptions, removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { unlessGuarded } from '../guards/unless-guarded.js';
import { requireCreatedb, requireOwnership, requireUnprotected } from '../guards/preconditions.js';
import { quoteIdentifier, renameStatement } from '../text/quote.js';
import { dropKept, type DroppedKept, dropPrevious } from '../undo/drop-kept.js';
import { findKept } from '../undo/find-kept.js';
import { prepareKeeping } from '../undo/keep.js';
import { planKeeping } from '../undo/plan-keeping.js';
import { dropByName, dropRenamed, mayBeRenamed } from './drop-renamed.js';
import { withOperation } from './with-operation.js';

/** Options of {@link dropDatabase}. */
export interface DropDatabaseOptions extends OperationOptions, UndoOptions, RemedyOptions {
  /**
   * If the database does not exist, drops only the content that was kept of it for an undo.
   * @default false
   */
  readonly ifExists?: boolean | undefined;
}

/**
 * Terminates the other sessions of a database and drops it, with the content that was kept of it for an undo. If a
 * session may not be terminated, or anything else stands in the way, no session is terminated and the database stays.
 *
 * With `undoMs` the database is not dropped but put aside. A database that cannot be kept is refused.
 *
 * Needs ownership of the database and, for sessions of other roles, `pg_signal_backend` (a superuser for those of
 * superusers); with `undoMs` also CREATEDB.
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
    ...undoOptions,
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
    if (options.ifExists === true && findDatabase(inspection, database) === undefined) {
      const { dropped: keptDropped, left: leftovers } = await dropKept(operation);
      return { changed: false, keptDropped, leftovers };
    }
    const facts = requireUnprotected(inspection, database);
    requireOwnership(inspection, facts, operation.failure);
    if (options.undoMs !== undefined) return putAside(operation, inspection, facts, options);
    const needs = { databases: [database], blockedBy: dropBlockers };
    const { toRemove, report } = await preflight(operation, [needs], options);
    const standbys = await findStandbys(operation.control.client);
    await operation.step('checked');
    if (operation.dryRun) return { ...report, keptDropped: (await dropKept(operation)).dropped, standbys };
    try {
      await removeBlockers(operation, toRemove);
      if (mayBeRenamed(inspection, facts)) await dropRenamed(operation);
      else await dropByName(operation, database);
    } catch (error) {
      if (toRemove.some(({ kind }) => kind === 'template')) await setTemplateAgain(operation);
      throw error;
    }
    await operation.step('dropped');
    const { dropped: keptDropped, left: leftovers } = await dropKept(operation).catch(unknownKept);
    return { changed: true, removed: report.removed, keptDropped, leftovers, standbys };
  });
}

/**
 * Keeps the database under a private name instead of dropping it. Only the latest content is kept.
 *
 * @throws `REFUSED` if it cannot be kept: content that the caller wants to keep must not be lost
 */
async function putAside(
  operation: Operation,
  inspection: Inspection,
  facts: DatabaseFacts,
  options: DropDatabaseOptions,
): Promise<OperationOutcome> {
  const { database, failure } = operation;
  requireCreatedb(inspection, database, failure);
  const keeping = await planKeeping(operation, facts, options);
  refuseUnlessKept(operation, keeping.notKept);
  const needs = { databases: [database], blockedBy: renameBlockers };
  const { toRemove, report } = await preflight(operation, [needs], options);
  await operation.step('checked');
  if (operation.dryRun)
    return { ...report, kept: (await prepareKeeping(operation, keeping)).place?.kept ?? null };
  await removeBlockers(operation, toRemove);
  const { notKept, place } = await prepareKeeping(operation, keeping);
  refuseUnlessKept(operation, notKept);
  const before = await findKept(operation.control.client, database);
  if (place === undefined) throw databaseNotFound(database);
  await runExclusively(operation, {
    ...needs,
    sql: [renameStatement(database, place.name), unlessGuarded(place.name), ...place.statements].join('; '),
    sessions: 'end',
  });
  await operation.step('dropped');
  const leftovers = await dropPrevious(operation, before, keeping.owner);
  return { changed: true, removed: report.removed, kept: place.kept, leftovers };
}

/** @throws `REFUSED` if there is an obstacle */
function refuseUnlessKept({ database, failure }: Operation, notKept: string | null): void {
  if (notKept === null) return;
  const problem = `${failure}: it cannot be kept for an undo, as ${notKept}.`;
  throw errorWithRemedies('REFUSED', problem, [{ kind: 'drop-for-good' }], { database });
}

/** A caller who wants all of it gone must be told that the search for it failed. */
function unknownKept(error: unknown): DroppedKept {
  const reason = error instanceof Error ? error.message : String(error);
  const all = { database: 'pg_evict_undo_…', reason: `what is kept could not be looked for: ${reason}` };
  return { dropped: [], left: [all] };
}

/**
 * A database that stays gets its settings back. A half-dropped one cannot be altered: the attempt would terminate our
 * session.
 */
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
    // The caller gets the earlier error.
  }
}
