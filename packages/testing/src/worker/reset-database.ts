import { PgEvictError } from '@pg-evict/core';
import { thisThread } from './thread.js';

/**
 * Restores the test file's own database to the state of the template, now. Idle sessions stay connected while rows are
 * undone. All others are terminated, so close them first, or expect their errors.
 *
 * @throws {@link PgEvictError} `REFUSED` outside of a test file; `SESSIONS_REMAIN`
 */
export async function resetDatabase(): Promise<void> {
  const { file } = thisThread();
  if (file === undefined) {
    throw new PgEvictError('REFUSED', 'No test file runs here that has a database of its own.');
  }
  if (file.way.run.isolation === 'run') {
    throw new PgEvictError('REFUSED', 'The database of this test file is not its own.', {
      hint: "With testing.isolation 'run' all test files share one database, which is not reset while they run.",
    });
  }
  await file.reset();
}
