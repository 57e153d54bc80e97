import { now, pause } from '../captured/clock.js';
import type { MaintenanceSession } from '../session/maintenance-session.js';

/** Client sessions on a database. Needs no privilege: where types are hidden, a worker of autovacuum has no role. */
const sessionsQuery = `SELECT count(*)::int AS sessions FROM pg_stat_activity
WHERE datname = $1 AND (backend_type = 'client backend' OR backend_type IS NULL AND usesysid IS NOT NULL)`;

/**
 * Waits for the sessions of a database that are just disconnecting: a pool's `end()` resolves a moment before the
 * server has noticed, and a session that is terminated in that moment reports an error to its client.
 *
 * @param graceMs how long, at most
 */
export async function letSessionsLeave(
  control: MaintenanceSession,
  database: string,
  graceMs = 100,
): Promise<void> {
  const endsAt = now() + graceMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
    const { rows } = await control.query<{ sessions: number }>(sessionsQuery, [database]);
    if (rows[0]?.sessions === 0 || now() > endsAt) return;
    await pause(pauseMs);
  }
}
