import type { PgEvictErrorCode } from '@pg-evict/core';
import { toJsonText } from '../terminal/json.js';

/** A failure of any kind, passwords masked. */
export interface Failure {
  readonly code: PgEvictErrorCode;
  readonly summary: string;
  readonly hint: string | null;
  readonly database?: string | null;
  /** As they stand in JSON documents. */
  readonly blockers?: readonly object[];
  /** Sessions that had been ended before, likewise. */
  readonly terminated?: readonly object[];
  /** Objects that had been removed before, because the caller asked for it, likewise. */
  readonly removed?: readonly object[];
  /** Databases that it made under a private name and could not drop. */
  readonly leftovers?: readonly object[];
}

/**
 * The one JSON document of a failure, its message with the hint at its end. The fields and their order are part of the
 * command's contract.
 */
export function failureDocument(failure: Failure): string {
  const { code, summary, hint, database = null, blockers = [], terminated = [], removed = [] } = failure;
  const { leftovers = [] } = failure;
  const message = hint === null ? summary : `${summary} ${hint}`;
  return toJsonText({ error: { code, message, hint, database, blockers, terminated, removed, leftovers } });
}
