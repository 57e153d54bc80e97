import { PgEvictError } from '@pg-evict/core';
import { errorSummary } from './error-summary.js';

/**
 * The error for a file of the user's that fails, for what is in it.
 *
 * @param what begins the message
 */
export function notLoaded(file: string, error: unknown, what = `${file} cannot be loaded`): PgEvictError {
  const { code } = (error ?? {}) as { code?: unknown };
  const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  return new PgEvictError('CONFIG_INVALID', `${what}: ${errorSummary(error).replace(/\.$/, '')}.`, {
    hint: isMissing
      ? 'Install what it imports, or correct the name there.'
      : 'That is what the file itself fails with: correct it there.',
    cause: error,
  });
}
