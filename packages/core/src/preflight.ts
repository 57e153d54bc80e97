import type { Blocker } from './blocker.js';
import { deniedBlocker, toDeniedSession } from './denied-session.js';
import { findBlockers } from './find-blockers.js';
import type { Operation } from './operation.js';
import type { OperationReport } from './operation-report.js';
import { PgEvictError } from './pg-evict-error.js';
import { toSession } from './session.js';
import { sweepSessions } from './sweep-sessions.js';

/** What an operation is about to need. */
export interface Needs {
  /** Databases that must become free of sessions. */
  readonly databases: readonly string[];
  /** Whether one of them will be dropped. */
  readonly dropping: boolean;
  /** Begins the message of a failure: what did not happen. Ends without a full stop. */
  readonly failure: string;
}

/** What preflight found. */
export type Plan = Pick<OperationReport, 'changed' | 'terminated' | 'denied' | 'blockers'>;

/** What two preflights of one operation found, as one. */
export function mergePlans(plan: Plan, other: Plan | undefined): Plan {
  if (other === undefined) return plan;
  return {
    changed: false,
    terminated: [...plan.terminated, ...other.terminated],
    denied: [...plan.denied, ...other.denied],
    blockers: [...plan.blockers, ...other.blockers],
  };
}

/**
 * Finds, before anything is touched, what would make the operation fail.
 *
 * @throws {@link PgEvictError} `BLOCKED` or `SESSIONS_REMAIN`, unless it is a dry run
 */
export async function preflight(
  operation: Operation,
  { databases, dropping, failure }: Needs,
): Promise<Plan> {
  const { control, runner, dryRun, database } = operation;
  const found = await findBlockers(control.client, databases, dropping);
  const sweep = await sweepSessions(control.client, databases, runner.pid, false, operation.keep);
  const denied = sweep.rows
    .filter((row) => !row.can_terminate && !row.starting && !row.unidentified)
    .map(toDeniedSession);
  const blockers: Blocker[] = [...found, ...denied.map(deniedBlocker)];
  if (!dryRun && blockers.length > 0) {
    throw new PgEvictError(
      found.length > 0 ? 'BLOCKED' : 'SESSIONS_REMAIN',
      `${failure}, and nobody was disconnected. ${blockers.map(({ detail }) => detail).join(' ')}`,
      { database, hint: [...new Set(blockers.map(({ remedy }) => remedy))].join(' '), blockers },
    );
  }
  const terminated = sweep.rows.filter((row) => row.can_terminate).map(toSession);
  return { changed: false, terminated, denied, blockers };
}
