import { PgEvictError, type Session, terminateSessions } from '@pg-evict/core';
import { now, pause } from '../captured/clock.js';
import type { ServerSession } from './server-session.js';
import { readSurroundings } from './surroundings.js';

/** How long terminated sessions may take to exit. */
const timeoutMs = 30_000;

/** How long an idle session may appear busy: it processes catalog changes of others. */
const seemsBusyMs = 5;

/**
 * Terminates all other sessions of the database that a session of ours is on, except those that are just disconnecting.
 *
 * @param graceMs how long sessions may take to disconnect on their own
 * @param keepIdle whether idle sessions may stay
 * @returns those that had to be terminated
 * @throws {@link PgEvictError} `SESSIONS_REMAIN` if one may not be terminated, or does not end
 */
export async function endSessions(
  session: ServerSession,
  graceMs: number,
  keepIdle = false,
): Promise<Session[]> {
  const patience = now() + Math.max(graceMs, keepIdle ? seemsBusyMs : 0);
  let { pids } = await readSurroundings(session, keepIdle);
  for (let waitMs = 1; pids.length > 0 && now() < patience; waitMs = Math.min(waitMs * 2, 10)) {
    await pause(waitMs);
    ({ pids } = await readSurroundings(session, keepIdle));
  }
  const ended: Session[] = [];
  const over = now() + timeoutMs;
  while (pids.length > 0) {
    const { terminated, denied, remaining, database } = await terminateSessions(session, {
      timeoutMs,
      filter: keepIdle ? { sessions: pids } : undefined,
    });
    ended.push(...terminated);
    const [refused] = denied;
    if (refused !== undefined || remaining.length > 0 || now() > over) {
      const why =
        refused === undefined
          ? `${remaining.length} sessions do not terminate`
          : `the session of "${refused.session.user ?? ''}" (pid ${refused.session.pid}) may not be terminated: ${refused.reason}`;
      throw new PgEvictError('SESSIONS_REMAIN', `Database "${database}" was not reset: ${why}.`, {
        database,
        hint: refused?.remedy,
        terminated: ended,
      });
    }
    ({ pids } = await readSurroundings(session, keepIdle));
  }
  return ended;
}
