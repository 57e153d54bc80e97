import { type Session, terminateSessions } from '@pg-evict/core';
import { now } from '../captured/clock.js';
import { unwatched } from '../leaks/watch-sockets.js';
import type { CopyState } from '../reset/compare.js';
import { planUndo } from '../reset/plan-undo.js';
import { areInPlace, undoChanges } from '../reset/undo-changes.js';
import { endSessions } from '../session/end-sessions.js';
import { failureOf } from '../session/error.js';
import type { ServerSession } from '../session/server-session.js';
import { type IdleSession, readSurroundings, type Surroundings } from '../session/surroundings.js';
import type { TestDatabase } from './test-database.js';

/** Options of {@link resetDatabase}. */
export interface ResetOptions {
  /**
   * How long sessions may take to disconnect on their own, in milliseconds, before they are terminated and reported: a
   * pool's `end()` resolves a moment before the server has noticed. Waits only while there are any.
   * @default 100
   */
  readonly graceMs?: number | undefined;
  /**
   * Whether idle sessions, outside of a transaction and without locks, stay connected while rows are undone: those of a
   * pool that goes on. They keep their settings (`SET`), prepared statements and `LISTEN`; the 20 most recently used
   * stay. All are terminated if there are temporary objects or sequences with a cache, and if a new copy has to be
   * made.
   * @default false
   */
  readonly keepIdle?: boolean | undefined;
}

/** The findings and actions of a reset. */
export interface ResetReport {
  /**
   * `unchanged`: there was nothing to do. `rows`: rows and sequence values were restored. `clone`: a new copy was made.
   */
  readonly how: 'unchanged' | 'rows' | 'clone';
  /** With `clone`: the reason for it, in words. */
  readonly reason: string | null;
  /** The sessions that were still there and were terminated. */
  readonly sessions: readonly Session[];
  /** The prepared transactions that were rolled back. */
  readonly prepared: readonly string[];
  readonly durationMs: number;
}

/**
 * Restores a test database to the state of the template, after any change: terminates its sessions, rolls prepared
 * transactions back, drops replication slots; then compares content and catalogs with the original copy, and does the
 * least that restores all of it. Name and URL stay. Objects of the server stay as they are: roles, tablespaces,
 * settings of roles.
 *
 * @throws {@link PgEvictError} `SESSIONS_REMAIN` if a session may not be terminated (a superuser's, and our role is
 * none), and, if a new copy has to be made, the errors of {@link acquireDatabase}
 */
export async function resetDatabase(
  database: TestDatabase,
  { graceMs = 100, keepIdle = false }: ResetOptions = {},
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
      const outcome = await putBack(memory, { graceMs, keepIdle }, sessions, prepared);
      if (outcome === 'unchanged' || outcome === 'rows') return report(outcome, null);
      reason = outcome.reason;
    } catch (error) {
      // A new copy is free of everything that cannot be read or undone. A session that may not be terminated would
      // prevent a copy, too.
      if ((error as { code?: unknown }).code === 'SESSIONS_REMAIN') throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
    try {
      // The report lists these sessions, too.
      if (keepIdle) sessions.push(...(await endAll(database)));
      await database.replace();
    } catch (error) {
      throw failureOf(error, `Test database "${database.name}" was not reset`, { database: database.name });
    }
    return report('clone', reason);
  });
}

async function putBack(
  memory: CopyState,
  { graceMs, keepIdle }: { readonly graceMs: number; readonly keepIdle: boolean },
  sessions: Session[],
  prepared: string[],
): Promise<'unchanged' | 'rows' | { readonly reason: string }> {
  const { session, baseline, since } = memory;
  const around = await clear(memory, { graceMs, keepIdle }, sessions, prepared);
  if (around.subscriptions > 0) return { reason: 'it has subscriptions' };
  if (around.facts !== memory.facts) {
    return { reason: `owner, privileges, settings or comment of the database changed` };
  }
  if (baseline.uncertain !== null) return { reason: baseline.uncertain };
  const changes = await memory.changes(around.nextTransaction);
  if (changes.size === 0) return 'unchanged';
  const plan = planUndo(memory, changes);
  if (typeof plan === 'string') return { reason: plan };
  const undone = await undoChanges(memory, plan);
  if (around.idle.length > 0 && !(await areStillIdle(session, around.idle))) {
    // Changes between the look and the undo would count as the template's, so all of it is looked at again.
    memory.begin(since.newSince, since.own);
    return putBack(memory, { graceMs, keepIdle: false }, sessions, prepared);
  }
  if (!areInPlace(memory, undone)) return { reason: 'rows could not be put back in their places' };
  // Triggers and foreign keys that could not be disabled may have changed rows.
  if (!memory.asReplica && (await memory.compare()).size > 0) return { reason: 'rows could not be put back' };
  return 'rows';
}

/** Removes all sessions except those that may stay, and everything that removed sessions have left. */
async function clear(
  memory: CopyState,
  { graceMs, keepIdle }: { readonly graceMs: number; readonly keepIdle: boolean },
  sessions: Session[],
  prepared: string[],
): Promise<Surroundings> {
  const { session } = memory;
  for (;;) {
    const around = await memory.look(keepIdle);
    if (around.pids.length > 0) {
      // Some slots go with their sessions.
      sessions.push(...(await endSessions(session, graceMs, keepIdle)));
      continue;
    }
    for (const gid of around.prepared) {
      await session.query(`ROLLBACK PREPARED '${gid.replaceAll("'", "''")}'`);
      prepared.push(gid);
    }
    for (const slot of around.slots) await session.query('SELECT pg_drop_replication_slot($1)', [slot]);
    if (around.prepared.length + around.slots.length === 0) return around;
  }
}

/** Terminates all sessions of a database that is to be dropped, our own too. */
async function endAll(database: TestDatabase): Promise<readonly Session[]> {
  await database.forget();
  const { terminated } = await terminateSessions(database.run.control, { database: database.name });
  return terminated;
}

/** Whether only these sessions are on the database, and none has done anything since. */
async function areStillIdle(session: ServerSession, before: readonly IdleSession[]): Promise<boolean> {
  const { pids, idle } = await readSurroundings(session, true);
  return pids.length === 0 && JSON.stringify(idle) === JSON.stringify(before);
}
