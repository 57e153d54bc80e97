import { PgEvictError } from '@pg-evict/core';
import { thisThread } from './thread.js';

/**
 * Makes the test file's own database what the template is, now. Sessions that are idle stay connected where rows are put
 * back; all others are ended, so end or expect that.
 *
 * @throws {@link PgEvictError} `REFUSED` outside of a test file; `SESSIONS_REMAIN`
 */
export async function resetDatabase(): Promise<void> {
  const { file } = thisThread();
  if (file === undefined) {
    throw new PgEvictError('REFUSED', 'No test file runs here that has a database of its own.');
  }
  await file.reset();
}
