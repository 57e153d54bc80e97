import type { Session } from '@pg-evict/core';
import { now } from '../captured/clock.js';
import { unwatched } from '../leaks/watch-sockets.js';
import type { CopyState } from '../reset/compare.js';
import { planUndo } from '../reset/plan-undo.js';
import { undoChanges } from '../reset/undo-changes.js';
import { endSessions } from '../session/end-sessions.js';
import { failureOf } from '../session/error.js';
import { readSurroundings } from '../session/surroundings.js';
import type { TestDatabase } from './test-database.js';

/** Options of {@link resetDatabase}. */
export interface ResetOptions {
  /**
   * How long sessions may take to leave by themselves, in milliseconds, before they are ended and reported: a pool's
   * `end()` resolves a moment before the server has noticed. Waits only while there are any.
   * @default 100
   */
  readonly graceMs?: number | undefined;
}

/** What a reset found and did. */
export interface ResetReport {
  /** `unchanged`: nothing was to do. `rows`: rows and sequence values were put back. `clone`: a new copy was made. */
  readonly how: 'unchanged' | 'rows' | 'clone';
  /** With `clone`: what made it necessary, in words. */
  readonly reason: string | null;
  /** The sessions that were still there and were ended. */
  readonly sessions: readonly Session[];
  /** The prepared transactions that were rolled back. */
  readonly prepared: readonly string[];
  readonly durationMs: number;
}

/**
 * Makes a test database what the template is, whatever was done to it: ends its sessions, rolls prepared transactions
 * back, drops replication slots; then compares content and catalogs with what was copied, and does the least that puts
 * all of it back. Name and URL stay. What belongs to the server stays as it is: roles, tablespaces, settings of roles.
 *
 * @throws {@link PgEvictError} `SESSIONS_REMAIN` where a session may not be ended (a superuser's, and we are none),
 * and where a new copy has to be made what {@link acquireDatabase} throws
 */
export async function resetDatabase(
  database: TestDatabase,
  { graceMs = 100 }: ResetOptions = {},
): Promise<ResetReport> {
  return unwatched(async () => {
    const startedAt = now();
    const sessions: Session[] = [];
    const prepared: string[] = [];
    const report = (how: ResetReport['how'], reason: string | null): ResetReport => ({
      how,
      reason,
      sessions,
      prepared,
      durationMs: now() - startedAt,
    });
    let reason: string;
    try {
      const memory = await database.memory();
      const outcome = await putBack(memory, graceMs, sessions, prepared);
      if (outcome === 'unchanged' || outcome === 'rows') return report(outcome, null);
      reason = outcome.reason;
    } catch (error) {
      // Whatever it is that cannot be read or undone: a new copy has none of it. Who may not be ended is in its way, too.
      if ((error as { code?: unknown }).code === 'SESSIONS_REMAIN') throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    try {
      await database.replace();
    } catch (error) {
      throw failureOf(error, `Test database "${database.name}" was not reset`, { database: database.name });
    }
    return report('clone', reason);
  });
}

async function putBack(
  memory: CopyState,
  graceMs: number,
  sessions: Session[],
  prepared: string[],
): Promise<'unchanged' | 'rows' | { readonly reason: string }> {
  const { session, baseline } = memory;
  let around = await readSurroundings(session);
  while (around.pids.length > 0 || around.prepared.length > 0 || around.slots.length > 0) {
    if (around.pids.length > 0) sessions.push(...(await endSessions(session, graceMs)));
    for (const gid of around.prepared) {
      await session.query(`ROLLBACK PREPARED '${gid.replaceAll("'", "''")}'`);
      prepared.push(gid);
    }
    for (const slot of around.slots) await session.query('SELECT pg_drop_replication_slot($1)', [slot]);
    around = await readSurroundings(session);
  }
  if (around.subscriptions > 0) return { reason: 'it has subscriptions' };
  if (around.facts !== memory.facts) {
    return { reason: `owner, privileges, settings or comment of the database changed` };
  }
  if (baseline.uncertain !== null) return { reason: baseline.uncertain };
  const changes = await memory.changes(around.nextTransaction);
  if (changes.size === 0) return 'unchanged';
  const plan = planUndo(memory, changes);
  if (typeof plan === 'string') return { reason: plan };
  if (!(await undoChanges(memory, plan))) return { reason: 'rows could not be put back in their places' };
  // Triggers and foreign keys that could not be kept quiet may have had a word in it.
  if (!memory.asReplica && (await memory.compare()).size > 0) return { reason: 'rows could not be put back' };
  return 'rows';
}
