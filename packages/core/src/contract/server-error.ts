import { PgEvictError, type PgEvictErrorCode } from './error.js';

/** The SQLSTATE of a driver error, if it has one. Each has a digit; Node's own codes, such as EPIPE, have none. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether a statement failed without a word of the server on it, or with one of its crash. */
export function isConnectionLost(error: unknown): boolean {
  return /^(?:57P02|08\w{3})$/.test(sqlStateOf(error) ?? '08000');
}

const codes: Record<string, PgEvictErrorCode> = {
  '3D000': 'DATABASE_NOT_FOUND',
  '42P04': 'DATABASE_EXISTS',
  // Two who create or rename to the same name at once: the index of pg_database decides.
  '23505': 'DATABASE_EXISTS',
  '42501': 'PERMISSION_DENIED',
  '25001': 'IN_TRANSACTION',
  // Our sessions write wherever they may, so it is the server that does not.
  '25006': 'REFUSED',
  '55006': 'SESSIONS_REMAIN',
  '55P03': 'BLOCKED',
};

const standbyHint = 'This server is a standby, which only reads: connect to the primary.';

/**
 * Makes our error of whatever a statement failed with. `summary` begins the message: what did not happen to which
 * database, `state` ends it.
 */
export function translateError(
  error: unknown,
  summary: string,
  { state = '', ...facts }: { database: string | undefined; hint?: string; state?: string },
): PgEvictError {
  if (error instanceof PgEvictError) return error;
  const sqlState = sqlStateOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const detail = (error as { detail?: unknown } | null)?.detail;
  const serverHint = (error as { hint?: unknown } | null)?.hint;
  const lost = sqlState === undefined || sqlState.startsWith('57P') || sqlState.startsWith('08');
  const code = codes[sqlState ?? ''] ?? (lost ? 'CONNECTION_FAILED' : 'UNEXPECTED');
  return new PgEvictError(
    code,
    `${summary}: ${message}.${typeof detail === 'string' ? ` ${detail}` : ''}${state}`,
    {
      hint: sqlState === '25006' ? standbyHint : typeof serverHint === 'string' ? serverHint : undefined,
      ...facts,
      sqlState,
      cause: error,
    },
  );
}
