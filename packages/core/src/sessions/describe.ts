import type { Blocker } from '../contract/blocker.js';
import type { DeniedSession, Session } from '../contract/session.js';
import { quoteIdentifier } from '../text/quote.js';
import { type SessionRow, toSession } from './row.js';

/**
 * What kind of blocker a session is. A worker of an extension, or of a subscription, has a role as any client has; which
 * of the two it is, the server hides from who may not read all statistics.
 */
export function sessionKind({ backendType, user }: Session): 'session' | 'background-worker' {
  return backendType === 'client backend' ||
    backendType === 'walsender' ||
    (backendType === null && user !== null)
    ? 'session'
    : 'background-worker';
}

/** Begins a sentence about a session. */
export function describeSession(session: Session): string {
  const { backendType, pid, user } = session;
  return sessionKind(session) === 'session'
    ? `Session ${pid} of ${user ?? 'an unknown role'}`
    : `Background process ${pid} (${backendType ?? 'the server hides what it is'})`;
}

/** Why a session may not be ended by this role, and what would allow it. */
export function toDeniedSession(row: SessionRow): DeniedSession {
  const session = toSession(row);
  const me = quoteIdentifier(row.current_role);
  if (row.kept) {
    return {
      session,
      reason: 'it is one of those to keep',
      remedy: 'Ask its user to disconnect, or take its pattern out of the sessions to keep.',
    };
  }
  if (row.superuser_owned) {
    return {
      session,
      reason: `it belongs to the superuser "${row.user}", and only a superuser may end it`,
      remedy: `Connect as a superuser, or end it as "${row.user}".`,
    };
  }
  if (row.user === null) {
    return {
      session,
      reason: 'it is a background process, and only a superuser may end it',
      remedy: 'Connect as a superuser.',
    };
  }
  return {
    session,
    reason: `it belongs to the role "${row.user}", whose privileges role "${row.current_role}" does not have`,
    remedy: `GRANT pg_signal_backend TO ${me};`,
  };
}

/** A denied session as a blocker. */
export function deniedBlocker({ session, reason, remedy }: DeniedSession, database: string): Blocker {
  return {
    kind: sessionKind(session),
    name: String(session.pid),
    database,
    detail: `${describeSession(session)} may not be ended: ${reason}.`,
    remedy,
    session,
  };
}
