import { PgEvictError, type PgEvictErrorCode } from './error.js';

/** The SQLSTATE of a driver error, if it has one. Each has a digit; Node's own codes, such as EPIPE, have none. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * SQLSTATEs that the server sends to a session that it terminates or rejects (`admin_shutdown`, `crash_shutdown`,
 * `cannot_connect_now`, `database_dropped`, `idle_session_timeout`), and the class of broken connections.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const endedByServer = /^(?:57P0[1-5]|08\w{3})$/;

/** Node's error codes for a connection that does not exist, or no longer exists. */
const ofSocket = /^E(?:CONN\w+|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)$/;

/**
 * Messages of node-postgres and libpq, without a code, for a socket that was closed without a message from the server.
 */
const ofDriver =
  /Connection terminated|not queryable|server closed the connection|no connection to the server|terminating connection|could not (?:receive|send) data/;

/** Whether an error says that the connection of a statement is gone, or that none could be made. */
export function isConnectionLost(error: unknown): boolean {
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return endedByServer.test(sqlState);
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, syscall } = error as { code?: unknown; message?: unknown; syscall?: unknown };
  return syscall === 'connect' || ofSocket.test(String(code)) || ofDriver.test(String(message));
}

/**
 * Whether the outcome of a statement is unknown: the connection failed without a message from the server, or with that
 * of a crash.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  return /^(?:57P02|08\w{3})$/.test(sqlStateOf(error) ?? '08000');
}

const codes: Readonly<Record<string, PgEvictErrorCode>> = {
  '3D000': 'DATABASE_NOT_FOUND',
  '42P04': 'DATABASE_EXISTS',
  // Two clients create or rename to the same name at once: the unique index of pg_database decides.
  '23505': 'DATABASE_EXISTS',
  '42501': 'PERMISSION_DENIED',
  '25001': 'IN_TRANSACTION',
  // Our sessions are read-write, so the server itself is read-only.
  '25006': 'REFUSED',
  '55006': 'SESSIONS_REMAIN',
  '55P03': 'BLOCKED',
  '28P01': 'CONNECTION_FAILED',
  '28000': 'CONNECTION_FAILED',
  '53300': 'CONNECTION_FAILED',
};

/** pg-evict's code for a server error; `undefined` where it has none. */
export function errorCodeOf(sqlState: string | undefined): PgEvictErrorCode | undefined {
  if (sqlState === undefined) return undefined;
  return codes[sqlState] ?? (endedByServer.test(sqlState) ? 'CONNECTION_FAILED' : undefined);
}

const standbyHint = 'This server is a standby, which only reads: connect to the primary.';

const fullHint = 'Free some space on the server. Content kept for an undo takes space as well.';

const hints: Readonly<Record<string, string>> = { '25006': standbyHint, '53100': fullHint };

/** The remedy for a server error; `undefined` where none is known. */
export function hintOf(sqlState: string | undefined): string | undefined {
  return sqlState === undefined ? undefined : hints[sqlState];
}

/**
 * Turns any failure of a statement into a PgEvictError. `summary` begins the message: the step that failed, and its
 * database. `state` ends it.
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
  const code = errorCodeOf(sqlState) ?? (sqlState === undefined ? 'CONNECTION_FAILED' : 'UNEXPECTED');
  return new PgEvictError(
    code,
    `${summary}: ${message}.${typeof detail === 'string' ? ` ${detail}` : ''}${state}`,
    {
      hint: hintOf(sqlState) ?? (typeof serverHint === 'string' ? serverHint : undefined),
      ...facts,
      sqlState,
      cause: error,
    },
  );
}
