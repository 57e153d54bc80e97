import type { Blocker, BlockerKind } from '../contract/blocker.js';
import { blockedError } from '../contract/error.js';
import type { OperationReport } from '../contract/report.js';
import { deniedBlocker } from '../sessions/permission.js';
import { toDeniedSession, toSession } from '../sessions/row.js';
import { evictSessions, isDenied } from './evict-sessions.js';
import { untilDeniedLeave } from './await-sessions.js';
import { findBlockers } from '../blockers/find-blockers.js';
import type { Operation } from './operation.js';
import { mayRemove, type RemedyOptions } from './remove-blockers.js';

/** Databases that an operation needs without sessions. */
export interface Needs {
  readonly databases: readonly string[];
  /** Blockers, beside sessions, that would prevent it. */
  readonly blockedBy: readonly BlockerKind[];
}

/** The result of preflight. */
export interface Plan {
  /** Objects to remove, as the caller asked, so that the operation can run. */
  readonly toRemove: readonly Blocker[];
  /** The report of a dry run. */
  readonly report: Pick<OperationReport, 'changed' | 'terminated' | 'denied' | 'blockers' | 'removed'>;
}

/**
 * Finds, before anything is changed, the reasons why the operation would fail.
 *
 * @throws {@link PgEvictError} `BLOCKED`, `SESSIONS_REMAIN` or `PERMISSION_DENIED` (our role may not remove what it was
 * asked to), unless it is a dry run
 */
export async function preflight(
  operation: Operation,
  needs: readonly Needs[],
  remedies: RemedyOptions = {},
): Promise<Plan> {
  const { control, runner, dryRun, database, failure, keep } = operation;
  const databases = needs.flatMap((need) => need.databases);
  const looking = needs
    .filter((need) => need.databases.length > 0)
    .map(async (need) => findBlockers(runner.client, need.databases, need.blockedBy));
  const [sweep, ...some] = await Promise.all([
    dryRun
      ? evictSessions(control.client, databases, runner.pid, { keep })
      : untilDeniedLeave(operation, databases),
    ...looking,
  ]);
  const found = some.flatMap(({ blockers }) => blockers);
  const irremovable = new Set(some.flatMap((each) => each.irremovable));
  const isAskedFor = (blocker: Blocker): boolean => mayRemove(blocker, remedies);
  const isToGo = (blocker: Blocker): boolean => isAskedFor(blocker) && !irremovable.has(blocker);
  const inactiveSlots = some.flatMap((each) => each.inactiveSlots);
  const denied = sweep.rows.filter(isDenied).map(toDeniedSession);
  const toRemove = found.filter(isToGo);
  const standing = found.filter((blocker) => !isToGo(blocker));
  const blockers = [...standing, ...denied.map((session) => deniedBlocker(session, database))];
  if (!dryRun && blockers.length > 0) {
    const code =
      standing.length === 0
        ? 'SESSIONS_REMAIN'
        : standing.every(isAskedFor)
          ? 'PERMISSION_DENIED'
          : 'BLOCKED';
    throw blockedError(code, `${failure}, and no session was disconnected.`, blockers, { database });
  }
  const terminated = sweep.rows.filter((row) => row.can_terminate).map(toSession);
  const removed = [...toRemove, ...inactiveSlots];
  return { toRemove, report: { changed: true, terminated, denied, blockers, removed } };
}
