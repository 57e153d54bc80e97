import type { Target } from '../connection/target.js';
import { Deadline, pause } from '../contract/deadline.js';
import { errorWithRemedies, isPgEvictError, type PgEvictError } from '../contract/error.js';
import type { OperationReport } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { notGivenBack, release } from '../exclusive-access/release.js';
import { withOperation } from './with-operation.js';

/** The minimum time for the server to answer, at first and to each query. */
export const minReachingMs = 2000;

/** How long to wait before the server is queried again. */
const retryMs = 200;

/**
 * Gives a database back, over new connections each time that they are lost, until there is no time left. Each attempt
 * sees what was done over the connections lost before.
 *
 * @param taking the deadline of the operation that took it, which is told if the server stops answering
 * @param limits `reachMs`: how long the server may take to answer at all; `totalMs`: how long everything may take
 */
export async function releaseAgain(
  target: Target,
  held: string,
  taking: Deadline,
  limits: { readonly reachMs: number; readonly totalMs: number },
): Promise<Pick<OperationReport, 'changed' | 'leftovers'> & { readonly dropped: boolean }> {
  const time = new Deadline({ timeoutMs: limits.totalMs });
  let lostOnce = false;
  for (;;) {
    let dropped = false;
    let giving: Operation | undefined;
    const beganAt = performance.now();
    const options = { timeoutMs: Math.max(1, Math.min(limits.reachMs, time.remainingMs)) };
    // The poolers are paused until the end, by the operation that took the database.
    const unpooled = { ...target, poolers: [] };
    const request = { command: 'run', target: unpooled, options, failure: notGivenBack(held) } as const;
    try {
      const { changed, leftovers } = await withOperation(request, async (operation) => {
        giving = operation;
        const { deadline } = operation;
        deadline.extendWhileAnswered(Math.max(0, time.remainingMs - deadline.remainingMs), minReachingMs);
        const outcome = await release(operation, held);
        dropped = outcome.dropped === true;
        return outcome;
      });
      return { changed: changed || lostOnce, dropped, leftovers };
    } catch (error) {
      const code = isPgEvictError(error) ? error.code : undefined;
      // A timer may fire a moment early.
      const isLate = code === 'TIMEOUT' || performance.now() - beganAt >= options.timeoutMs;
      if (giving?.deadline.silent ?? isLate) {
        taking.silent = true;
        throw notReached(target.database ?? '', held, error);
      }
      if (code !== 'CONNECTION_FAILED' || time.remainingMs < 1000) throw error;
      lostOnce = true;
      await pause(retryMs);
    }
  }
}

/** The error for a server that does not answer any more: the state of the database is unknown. */
export function notReached(database: string, held: string, cause: unknown): PgEvictError {
  return errorWithRemedies(
    'CONNECTION_FAILED',
    `The server does not answer. It is not known whether database "${database}" was given back, or is still called "${held}".`,
    [{ kind: 'await-release', database }],
    { database, cause },
  );
}
