import { PgEvictError } from '@pg-evict/core';
import { lockKeys } from './advisory-locks.js';
import type { TestRun } from './test-run.js';

/**
 * Makes something for a run, unless whoever began the run is ending it: what were made then would be left behind. The
 * end waits for what is being made.
 *
 * @throws {@link PgEvictError} `REFUSED` where the run is being ended
 */
export async function whileRunLives<T>(run: TestRun, make: () => Promise<T>): Promise<T> {
  const lock = { kind: 'ending', of: run.id, shared: true } as const;
  const { rows } = await run.control.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock_shared($1, $2) AS taken',
    lockKeys(lock),
  );
  if (rows[0]?.taken !== true) {
    throw new PgEvictError('REFUSED', 'The run of tests has been ended by whoever began it.');
  }
  try {
    return await make();
  } finally {
    await run.control.release(lock);
  }
}
