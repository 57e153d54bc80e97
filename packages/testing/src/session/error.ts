import { isPgEvictError, PgEvictError, type PgEvictErrorCode, type PgEvictErrorFacts } from '@pg-evict/core';

const codes: Readonly<Record<string, PgEvictErrorCode>> = {
  '3D000': 'DATABASE_NOT_FOUND',
  '42P04': 'DATABASE_EXISTS',
  '23505': 'DATABASE_EXISTS',
  '42501': 'PERMISSION_DENIED',
  '55006': 'SESSIONS_REMAIN',
  '55P03': 'BLOCKED',
  '28P01': 'CONNECTION_FAILED',
  '28000': 'CONNECTION_FAILED',
  '53300': 'CONNECTION_FAILED',
};

/** The SQLSTATE of what a statement failed with. Each has a digit; codes of the system, such as EPIPE, have none. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether the session is gone that a statement was sent on. */
export function isLost(error: unknown): boolean {
  const sqlState = sqlStateOf(error);
  return sqlState === undefined || sqlState.startsWith('57P') || sqlState.startsWith('08');
}

/** What Node and node-postgres say where there is no connection, or no longer. */
const ofConnections =
  /^(?:E(?:CONN\w+|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)|Connection terminated.*|Client has encountered a connection error.*)$/;

function isOfConnection(error: unknown): boolean {
  if (sqlStateOf(error) !== undefined) return isLost(error);
  const { code, message, syscall } = Object(error) as {
    code?: unknown;
    message?: unknown;
    syscall?: unknown;
  };
  return syscall === 'connect' || [code, message].some((text) => ofConnections.test(String(text)));
}

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
  const fallback = isOfConnection(error) ? 'CONNECTION_FAILED' : otherwise;
  const text = /[.!?]$/.test(message) ? message : `${message}.`;
  return new PgEvictError(codes[sqlState ?? ''] ?? fallback, `${summary}: ${text}`, {
    ...facts,
    sqlState,
    cause: error,
  });
}
