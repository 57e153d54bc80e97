import type { Session } from '../contract/session.js';

/**
 * The kind of blocker that a session is. A worker of an extension, or of a subscription, has a role like a client. The
 * server shows which of the two it is only to roles that may read all statistics.
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
