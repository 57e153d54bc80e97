import { isMainThread } from 'node:worker_threads';
import { processState } from './process-state.js';

/** How often a process of Jest looks whether it is still one. */
const lookEveryMs = 500;

/**
 * A process of Jest whose parent is gone would run its test file to the end, with nobody to tell: Jest may have started
 * it in place of one that Ctrl-C had just ended. It ends itself. Looked for by a timer: who listens for the end of the
 * channel keeps it open.
 */
export function endWithParent(): void {
  const state = processState('parent/1', () => ({ isWatched: false }));
  if (state.isWatched) return;
  state.isWatched = true;
  if (process.send === undefined || process.env['JEST_WORKER_ID'] === undefined || !isMainThread) return;
  const timer = setInterval(() => {
    if (process.connected) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, lookEveryMs);
  timer.unref();
}
