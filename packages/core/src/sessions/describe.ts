import type { Session } from '../contract/session.js';

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
