import type { Blocker, PgEvictErrorCode, Session } from '@pg-evict/core';
import { redactQuery } from './redact-query.js';
import { toJsonBlocker, toJsonSession } from './to-json-session.js';
import { toJsonText } from './to-json-text.js';

/** A failure, whoever found it. */
export interface Failure {
  readonly code: PgEvictErrorCode;
  /** With the hint at its end, where there is one. */
  readonly message: string;
  readonly hint: string | null;
  readonly database?: string | null;
  readonly blockers?: readonly Blocker[];
  /** Sessions that had been ended before. */
  readonly terminated?: readonly Session[];
  /** What had been removed before, because the caller asked for it. */
  readonly removed?: readonly Blocker[];
}

/** The one JSON document of a failure. The fields and their order are part of the command's contract. */
export function failureDocument(failure: Failure): string {
  const { code, message, hint, database = null, blockers = [], terminated = [], removed = [] } = failure;
  return toJsonText({
    error: {
      code,
      // knex's messages begin with the statement that failed.
      message: redactQuery(message),
      hint,
      database,
      blockers: blockers.map(toJsonBlocker),
      terminated: terminated.map(toJsonSession),
      removed: removed.map(toJsonBlocker),
    },
  });
}
