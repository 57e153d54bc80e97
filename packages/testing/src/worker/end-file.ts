import { thisThread } from './thread.js';

/** Ends the test file of this thread if nothing else has: a file whose set-up failed is not closed by its runner. */
export function endFile(): void {
  const thread = thisThread();
  thread.file?.abandon();
  thread.file = undefined;
}
