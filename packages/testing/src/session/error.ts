import { isPgEvictError, PgEvictError, type PgEvictErrorCode, type PgEvictErrorFacts } from '@pg-evict/core';
import { errorCodeOf, hintOf, isConnectionLost, sqlStateOf } from '@pg-evict/core/internal';

/**
 * Makes our error of whatever something failed with.
 *
 * @param summary begins the message: what did not happen; ends without a full stop
 * @param otherwise the code of what is neither one of the server's that we know nor of a connection
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
