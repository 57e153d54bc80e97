import { thisThread } from './thread.js';

/** The test file of this thread is over, if nobody has said so: nobody closes one whose set-up failed. */
export function endFile(): void {
  const thread = thisThread();
  thread.file?.abandon();
  thread.file = undefined;
}
