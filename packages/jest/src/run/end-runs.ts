import { endRun } from '@pg-evict/testing';
import { ownRuns } from './own-runs.js';
import { processState } from './process-state.js';
import { takeBackEnvironment } from './process-variables.js';
import { WorkerDatabase } from './worker-database.js';

/**
 * Ends the runs that this process began, also where processes of Jest still work with them. Called again meanwhile, it
 * waits as well: with `bail`, Jest has a global teardown for each test file that fails, and exits after the first.
 */
export async function endOwnRuns(): Promise<void> {
  const state = processState('ending/2', () => ({ ending: Promise.resolve() }));
  state.ending = state.ending.catch(() => undefined).then(endAll);
  await state.ending;
}

async function endAll(): Promise<void> {
  takeBackEnvironment();
  const runs = [...ownRuns().values()];
  ownRuns().clear();
  WorkerDatabase.leaveAll();
  const ended = await Promise.allSettled(runs.map(async (run) => endRun(run, { force: true })));
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Has a signal that would end this process end its runs first; then it goes the way it would have gone. */
export function endRunsOnSignals(): void {
  const state = processState('signals/2', () => ({ isListening: false }));
  if (state.isListening) return;
  state.isListening = true;
  for (const signal of signals) {
    const listener = (): void => {
      for (const other of signals) process.removeAllListeners(other);
      void endOwnRuns()
        .catch(() => undefined)
        .then(() => process.kill(process.pid, signal));
    };
    process.once(signal, listener);
  }
}
