import { pause } from '../contract/deadline.js';
import type { Session } from '../contract/session.js';
import type { Operation } from './operation.js';

/** How long signalled sessions may take to exit after the operation has failed: a backend is gone in milliseconds. */
const leavingMs = 300;

/**
 * The backends, of those given, that still exist: $1 pids, $2 their starts, in milliseconds since 1970 (null if
 * unknown). One that is still starting has a lock and is not listed.
 */
const stillThereQuery = `
SELECT t.pid FROM unnest($1::int[], $2::float8[]) AS t (pid, started) WHERE EXISTS (
    SELECT FROM pg_stat_activity a WHERE a.pid = t.pid
      AND (t.started IS NULL OR a.backend_start IS NULL OR abs(extract(epoch FROM a.backend_start) * 1000 - t.started) < 2))
  OR t.started IS NULL AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = t.pid)`;

/** The outcome for the sessions that an operation has signalled. */
export interface ToldToEnd {
  readonly ended: readonly Session[];
  readonly remaining: readonly Session[];
  /** Whether the outcome was seen. If not, all count as terminated. */
  readonly seen: boolean;
}

/**
 * Gives signalled sessions a moment to exit, and returns those that have: a session is reported as terminated only if
 * it is gone.
 */
export async function untilToldHaveEnded({ control, deadline, terminated }: Operation): Promise<ToldToEnd> {
  const told = [...terminated.values()];
  const endsAt = performance.now() + leavingMs;
  let remaining = told;
  try {
    if (told.length > 0 && deadline.silent) throw new Error('the network is silent');
    while (remaining.length > 0) {
      const there = await stillThere(control.client, remaining);
      remaining = remaining.filter(({ pid }) => there.has(pid));
      if (remaining.length === 0 || performance.now() >= endsAt) break;
      await pause(10);
    }
  } catch {
    return { ended: told, remaining: [], seen: false };
  }
  return { ended: told.filter((session) => !remaining.includes(session)), remaining, seen: true };
}

async function stillThere(
  client: Operation['control']['client'],
  sessions: readonly Session[],
): Promise<Set<number>> {
  const { rows } = await client.query<{ pid: number }>(stillThereQuery, [
    sessions.map(({ pid }) => pid),
    sessions.map(({ startedAt }) => startedAt?.getTime() ?? null),
  ]);
  return new Set(rows.map(({ pid }) => pid));
}
