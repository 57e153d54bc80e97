import type { Blocker, DeniedSession, Session } from '@pg-evict/core';
import { redactQuery } from '../context/engine.js';
import { remedyOf } from '../terminal/words.js';

/** A session as part of JSON documents. The fields and their order are part of the command's contract. */
export function toJsonSession(session: Session): object {
  return {
    pid: session.pid,
    user: session.user,
    application: session.application,
    client: session.client,
    backendType: session.backendType,
    state: session.state,
    since: session.since,
    waitEvent: session.waitEvent,
    blockedBy: session.blockedBy,
    query: session.query === null ? null : redactQuery(session.query),
    canTerminate: session.canTerminate,
    id: session.id,
    startedAt: session.startedAt,
    waitsFor: session.waitsFor,
  };
}

/** A session that may not be terminated, with the reason and the remedy. */
export function toJsonDenied(denied: DeniedSession): object {
  const { session, reason } = denied;
  return { session: toJsonSession(session), reason, remedy: remedyOf(denied) };
}

/** One thing that stands in the way. */
export function toJsonBlocker(blocker: Blocker): object {
  const { kind, name, database, detail, session } = blocker;
  return {
    kind,
    name,
    database,
    detail,
    remedy: remedyOf(blocker),
    ...(session === undefined ? {} : { session: toJsonSession(session) }),
  };
}
