import { endRun } from '@pg-evict/testing';
import { ownRuns } from './own-runs.js';
import { takeBackEnvironment } from './process-variables.js';
import { WorkerDatabase } from './worker-database.js';

const endingKey = Symbol.for('pg-evict.jest.ending/1');

/**
 * Ends the runs that this process began, also where processes of Jest still work with them. Called again meanwhile, it
 * waits as well: with `bail`, Jest has a global teardown for each test file that fails, and exits after the first.
 */
export async function endOwnRuns(): Promise<void> {
  const holder = process as unknown as { [endingKey]?: Promise<void> };
  const ending = (holder[endingKey] ?? Promise.resolve()).catch(() => undefined).then(endAll);
  holder[endingKey] = ending;
  await ending;
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

const key = Symbol.for('pg-evict.jest.signals/1');

/** Has a signal that would end this process end its runs first; then it goes the way it would have gone. */
export function endRunsOnSignals(): void {
  const holder = process as unknown as { [key]?: boolean };
  if (holder[key] === true) return;
  holder[key] = true;
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
