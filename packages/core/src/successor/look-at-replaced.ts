import type { OperationReport } from '../contract/report.js';
import type { DatabaseFacts } from '../database/facts.js';
import { findStandbys } from '../blockers/find-standbys.js';
import type { Operation } from '../eviction/operation.js';
import { findKept, type Kept } from '../undo/find-kept.js';
import { type Keeping, placeFor, prepareKeeping } from '../undo/keep.js';
import { type KeepPlan, planKeeping } from '../undo/plan-keeping.js';
import type { RecreateDatabaseOptions } from './recreate-options.js';

/** Facts about the database that is replaced, and the destination of its content. */
export interface Replaced extends Keeping {
  readonly plan: KeepPlan;
  /** The content that was kept of the database before: only the latest is kept. */
  readonly before: readonly Kept[];
  /** The standby servers that also terminate sessions when the old database is dropped. */
  readonly standbys: OperationReport['standbys'];
}

/**
 * Determines the fate of the old content. It changes nothing and uses the control connection alone, so that it can be
 * done while the runner creates the new database.
 */
export async function lookAtReplaced(
  operation: Operation,
  old: DatabaseFacts | undefined,
  options: RecreateDatabaseOptions,
): Promise<Replaced> {
  const { client } = operation.control;
  const plan = await planKeeping(operation, old, options);
  const keeping = placeFor(operation, plan);
  const before = keeping.place === undefined ? [] : await findKept(client, operation.database);
  const standbys = old === undefined || options.keepOldAs !== undefined ? [] : await findStandbys(client);
  return { ...keeping, plan, before, standbys };
}

/** Likewise, after much time: the undo period begins now, and an obstacle may have appeared. */
export async function lookAgain(operation: Operation, { plan, standbys }: Replaced): Promise<Replaced> {
  const keeping = await prepareKeeping(operation, plan);
  const { place } = keeping;
  const before = place === undefined ? [] : await findKept(operation.control.client, operation.database);
  return { ...keeping, plan, before, standbys };
}

/** The part of a report that says what becomes, or would become, of the old content. */
export function fateOfReplaced({
  notKept,
  place,
  standbys,
}: Replaced): Pick<OperationReport, 'kept' | 'notKept' | 'standbys'> {
  return { kept: place?.kept ?? null, notKept, standbys: place === undefined ? standbys : [] };
}
