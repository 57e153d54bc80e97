const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Has a signal that would end this process end its runs first; then the process goes the way it would have gone.
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
