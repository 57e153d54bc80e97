import { pause } from './deadline.js';
import type { Operation } from './operation.js';
import { sweepSessions } from './sweep-sessions.js';

/** Gives sessions the operation's grace to leave by themselves; returns as soon as nobody is left. */
export async function waitForSessionsToLeave(
  operation: Operation,
  databases: readonly string[],
): Promise<void> {
  const { control, runner, deadline } = operation;
  const endsAt = performance.now() + operation.graceMs;
  operation.graceMs = 0;
  while (performance.now() < endsAt && !deadline.over) {
    const { rows } = await sweepSessions(control.client, databases, runner.pid, false);
    if (rows.length === 0) return;
    await pause(Math.min(50, endsAt - performance.now()));
  }
}
