import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { leftRuns, unwatched } from '@pg-evict/testing/worker';
import { packageDirectory } from '../package-directory.cjs';
import { processState } from './process-state.js';

/** How long the end of a run may take. */
const endingMs = 10_000;

/** How often a process of Jest checks its parent. */
const lookEveryMs = 500;

/**
 * Ends a process of Jest whose parent is gone. It would run its test file to the end, and could report to no one: Jest
 * may have started it to replace one that Ctrl-C had just ended. If Jest was killed, and with it the host of the run,
 * this process has another process end the run, and then ends itself. It checks with a timer, because a listener for
 * the end of the channel would keep the channel open.
 */
export function endWithParent(): void {
  const state = processState('parent/1', () => ({ isWatched: false }));
  if (state.isWatched) return;
  state.isWatched = true;
  if (process.send === undefined || process.env['JEST_WORKER_ID'] === undefined || !isMainThread) return;
  const timer = setInterval(() => {
    if (process.connected) return;
    clearInterval(timer);
    endLeftRuns();
    process.kill(process.pid, 'SIGTERM');
  }, lookEveryMs);
  timer.unref();
}

function endLeftRuns(): void {
  const runs = leftRuns();
  if (runs === undefined) return;
  unwatched(() =>
    spawnSync(process.execPath, [join(packageDirectory, 'end-elsewhere.js')], {
      input: runs,
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: endingMs,
    }),
  );
}
