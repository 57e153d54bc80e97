const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * When a signal would end this process, ends its runs first; then the signal has its usual effect.
 *
 * @param end ends them
 */
export function endOnSignals(end: () => Promise<void>): void {
  for (const signal of signals) {
    const listener = (): void => {
      for (const other of signals) process.removeAllListeners(other);
      void end()
        .catch(() => undefined)
        .then(() => process.kill(process.pid, signal));
    };
    process.once(signal, listener);
  }
}
