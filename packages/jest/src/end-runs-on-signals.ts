import { endOwnRuns } from './end-own-runs.js';

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
