import { PgEvictError, type Session, terminateSessions } from '@pg-evict/core';
import { now, pause } from '../captured/clock.js';
import type { ServerSession } from './server-session.js';
import { readSurroundings } from './surroundings.js';

/** How long ended sessions may take to go. */
const timeoutMs = 30_000;

/** How long a session that is idle may seem not to be: it reads what others have changed in the catalogs. */
const seemsBusyMs = 5;

/**
 * Ends all other sessions of the database that a session of ours is on. Those that are just leaving are let go.
 *
 * @param graceMs how long sessions may take to leave by themselves
 * @param keepIdle whether sessions that are idle may stay
 * @returns those that had to be ended
 * @throws {@link PgEvictError} `SESSIONS_REMAIN` where one may not be ended, or does not end
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
          ? `${remaining.length} sessions do not end`
          : `the session of "${refused.session.user ?? ''}" (pid ${refused.session.pid}) may not be ended: ${refused.reason}`;
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
