import { PgEvictError } from '@pg-evict/core';
import { errorSummary } from './error-summary.js';

/** The error for a file of the user's that fails while it is loaded, for what is in it. */
export function notLoaded(file: string, error: unknown): PgEvictError {
  const { code } = (error ?? {}) as { code?: unknown };
  const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  return new PgEvictError(
    'CONFIG_INVALID',
    `${file} cannot be loaded: ${errorSummary(error).replace(/\.$/, '')}.`,
    {
      hint: isMissing
        ? 'Install what it imports, or correct the name there.'
        : 'That is what the file itself fails with: correct it there.',
      cause: error,
    },
  );
}
