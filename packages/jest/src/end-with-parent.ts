import { isMainThread } from 'node:worker_threads';

/** How often a process of Jest looks whether it is still one. */
const lookEveryMs = 500;

/** How long it clears up for, at most. */
const clearUpMs = 10_000;

/**
 * A process of Jest whose parent is gone would run its test file to the end, with nobody to tell, and leave its database
 * to be swept: Jest may have started it in place of one that Ctrl-C had just ended. Looked for by a timer: who listens
 * for the end of the channel keeps it open.
 *
 * @param clearUp called before it ends itself
 */
export function endWithParent(clearUp: () => Promise<void>): void {
  if (process.send === undefined || process.env['JEST_WORKER_ID'] === undefined || !isMainThread) return;
  const end = (): void => void process.kill(process.pid, 'SIGTERM');
  const timer = setInterval(() => {
    if (process.connected) return;
    clearInterval(timer);
    setTimeout(end, clearUpMs).unref();
    void clearUp().finally(end);
  }, lookEveryMs);
  timer.unref();
}
