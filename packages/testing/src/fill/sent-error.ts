import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { withoutHint } from '@pg-evict/core/internal/text';
import type { SentError } from './job.js';

/** Deep enough for the causes of an error; an error may be its own cause. */
const deepest = 8;

/** Puts an error into a form that can be sent to another process. */
export function sendable(error: unknown, depth = 0): SentError {
  const { name, message, stack, cause } =
    error instanceof Error
      ? error
      : { name: 'Error', message: describe(error), stack: undefined, cause: undefined };
  const fields = Object.entries(Object(error) as Readonly<Record<string, unknown>>).filter(isSendable);
  return {
    name,
    message,
    stack,
    fields: Object.fromEntries(fields),
    ours: isPgEvictError(error) ? { code: error.code, hint: error.hint } : undefined,
    cause: cause === undefined || depth >= deepest ? undefined : sendable(cause, depth + 1),
  };
}

/** The error that was sent. */
export function received({ name, message, stack, fields, ours, cause }: SentError): Error {
  const from = cause === undefined ? undefined : received(cause);
  if (ours !== undefined) {
    const { code, hint } = ours;
    return new PgEvictError(code, withoutHint({ hint, message }), {
      hint: hint ?? undefined,
      database: text(fields['database']),
      sqlState: text(fields['sqlState']),
      cause: from,
    });
  }
  const error = new Error(message, from === undefined ? undefined : { cause: from });
  return Object.assign(error, fields, { name, stack });
}

function isSendable(entry: [string, unknown]): entry is [string, string | number | boolean | null] {
  const [, value] = entry;
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const describe = (thrown: unknown): string =>
  typeof thrown === 'string' ? thrown : JSON.stringify(thrown ?? null);
