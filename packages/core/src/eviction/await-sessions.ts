import { pause } from '../contract/deadline.js';
import { refuseProtectedByNow } from '../guards/protection-label.js';
import { type EvictionRound, evictSessions, isDenied } from './evict-sessions.js';
import type { Operation } from './operation.js';

/** How often the remaining sessions are looked up. */
const lookMs = 50;

/**
 * Gives sessions the rest of the operation's grace to disconnect on their own; returns as soon as none is left.
 *
 * @throws `PROTECTED` if one of the databases has been protected meanwhile
 */
export async function waitForSessionsToLeave(
  operation: Operation,
  databases: readonly string[],
): Promise<void> {
  const { control, runner, deadline } = operation;
  if (operation.graceMs === 0) return;
  const endsAt = performance.now() + operation.graceMs;
  while (performance.now() < endsAt && !deadline.over) {
    const { rows } = await evictSessions(control.client, databases, runner.pid);
    if (rows.length === 0) break;
    await pause(Math.min(lookMs, endsAt - performance.now()));
  }
  operation.graceMs = Math.max(0, endsAt - performance.now());
  await refuseProtectedByNow(control.client, databases);
}

/**
 * Waits, while nothing is locked and so no client is delayed, for sessions that the role may not terminate to
 * disconnect on their own: a provider's superuser session usually lasts only a moment. Returns as soon as none is left,
 * or, when the operation's patience is used up, with the sessions that are still there.
 */
export async function untilDeniedLeave(
  operation: Operation,
  databases: readonly string[],
): Promise<EvictionRound> {
  const { control, deadline, keep, runner } = operation;
  const beganAt = performance.now();
  const endsAt = beganAt + operation.patienceMs;
  for (;;) {
    const round = await evictSessions(control.client, databases, runner.pid, { keep });
    const isOver = deadline.over || performance.now() >= endsAt;
    if (isOver || !round.rows.some(isDenied)) {
      operation.patienceMs = Math.max(0, endsAt - performance.now());
      return round;
    }
    await pause(Math.min(lookMs, endsAt - performance.now()));
  }
}
