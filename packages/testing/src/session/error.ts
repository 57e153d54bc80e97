import { isPgEvictError, PgEvictError, type PgEvictErrorCode, type PgEvictErrorFacts } from '@pg-evict/core';
import { errorCodeOf, hintOf, isConnectionLost, sqlStateOf } from '@pg-evict/core/internal';

/**
 * Turns any failure into a PgEvictError.
 *
 * @param summary begins the message: the step that failed; ends without a full stop
 * @param otherwise the code for a failure that is neither a known server error nor one of a connection
 */
export function failureOf(
  error: unknown,
  summary: string,
  facts: PgEvictErrorFacts = {},
  otherwise: PgEvictErrorCode = 'UNEXPECTED',
): PgEvictError {
  const message = error instanceof Error ? error.message || String(sqlStateOf(error)) : String(error);
  if (isPgEvictError(error)) {
    return new PgEvictError(error.code, `${summary}: ${message}`, { ...facts, cause: error });
  }
  const sqlState = sqlStateOf(error);
  const fallback = isConnectionLost(error) ? 'CONNECTION_FAILED' : otherwise;
  const hint = facts.hint ?? hintOf(sqlState);
  const text = /[.!?]$/.test(message) ? message : `${message}.`;
  return new PgEvictError(errorCodeOf(sqlState) ?? fallback, `${summary}: ${text}`, {
    ...facts,
    hint,
    sqlState,
    cause: error,
  });
}
