import type { PgEvictErrorCode } from '@pg-evict/core';

/** The exit codes that do not come from an error's code. */
export const done = 0;
export const usage = 2;
export const sessionsRemain = 4;
export const blocked = 5;
export const databaseMissing = 7;

/** The exit code for each code of a failure. */
const exitCodes = {
  UNEXPECTED: 1,
  CONFIG_INVALID: usage,
  IN_TRANSACTION: usage,
  PROTECTED: 3,
  REFUSED: 3,
  PERMISSION_DENIED: 3,
  SESSIONS_REMAIN: sessionsRemain,
  BLOCKED: blocked,
  CONNECTION_FAILED: 6,
  DATABASE_NOT_FOUND: 7,
  DATABASE_EXISTS: 7,
  TIMEOUT: 8,
  ABORTED: 130,
} as const satisfies Record<PgEvictErrorCode, number>;

/** The exit code of a failure. */
export function exitCodeOf(code: PgEvictErrorCode): number {
  return exitCodes[code];
}
