import { isPgEvictError, PgEvictError } from '@pg-evict/core';

/**
 * The error that a test runner prints in place of an error of ours: its message, which says what to do. The stack
 * frames of ours would all be lines of pg-evict, and the other fields repeat the message. An unexpected error stays as
 * it is.
 */
export function printedError(error: unknown): unknown {
  if (!isPgEvictError(error) || error.code === 'UNEXPECTED') return error;
  const { code, message } = error;
  const printed = new PgEvictError(code, message);
  // Runners print every field.
  for (const field of Object.keys(printed)) Reflect.deleteProperty(printed, field);
  printed.stack = `PgEvictError: ${message}`;
  const hidden = { name: { value: 'PgEvictError' }, code: { value: code } };
  return Object.defineProperties(printed, hidden);
}
