import { PgEvictError, type PgEvictErrorFacts } from './pg-evict-error.js';

/** An error of ours that says more: the same in everything else. */
export function withFacts(
  error: PgEvictError,
  facts: Pick<PgEvictErrorFacts, 'cause' | 'removed'>,
): PgEvictError {
  const { blockers, cause, code, database, hint, message, removed, sqlState, stack, terminated } = error;
  const summary = hint === null ? message : message.slice(0, -hint.length - 1);
  const copy = new PgEvictError(code, summary, {
    database: database ?? undefined,
    hint: hint ?? undefined,
    blockers,
    terminated,
    removed,
    sqlState: sqlState ?? undefined,
    cause,
    ...facts,
  });
  if (stack !== undefined) copy.stack = stack;
  return copy;
}

/** An error of ours that hides what a caller's callback has thrown before: both become its cause. */
export function alsoThrown(error: PgEvictError, thrown: unknown): PgEvictError {
  return withFacts(error, {
    cause: new AggregateError([error, thrown], 'What failed, and what the callback had thrown before.'),
  });
}
