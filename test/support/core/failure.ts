import { isPgEvictError, type PgEvictError } from '@pg-evict/core';

/** The error that a call is expected to fail with; anything else fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<PgEvictError> {
  const outcome: unknown = await call.then(
    (value) => new Error(`did not fail: ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (isPgEvictError(outcome)) return outcome;
  throw outcome;
}
