import { pause } from './deadline.js';
import type { Operation } from './operation.js';
import { refuseProtectedByNow } from './protection-label.js';
import { sweepSessions } from './sweep-sessions.js';

/**
 * Gives sessions what is left of the operation's grace to leave by themselves; returns as soon as nobody is left.
 *
 * @throws `PROTECTED` if somebody has protected one of the databases meanwhile
 */
export async function waitForSessionsToLeave(
  operation: Operation,
  databases: readonly string[],
): Promise<void> {
  const { control, runner, deadline } = operation;
  if (operation.graceMs === 0) return;
  const endsAt = performance.now() + operation.graceMs;
  while (performance.now() < endsAt && !deadline.over) {
    const { rows } = await sweepSessions(control.client, databases, runner.pid, false);
    if (rows.length === 0) break;
    await pause(Math.min(50, endsAt - performance.now()));
  }
  operation.graceMs = Math.max(0, endsAt - performance.now());
  await refuseProtectedByNow(control.client, databases);
}
