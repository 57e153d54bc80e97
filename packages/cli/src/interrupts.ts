/** Ctrl-C, SIGTERM and SIGHUP, turned into an AbortSignal. */
export interface Interrupts {
  readonly signal: AbortSignal;
  /** What a signal does, for a prompt that receives Ctrl-C as a key. */
  readonly interrupt: () => void;
  stop(): void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first interrupt aborts, and the operation ends cleanly in its own time. The second leaves at once: then nobody
 * waits for the server any more.
 */
export function listenForInterrupts(): Interrupts {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      process.stderr.write('Left at once. The server may still be finishing what it was asked for.\n');
      // oxlint-disable-next-line no-process-exit -- waiting is what the user has just refused to do
      process.exit(130);
    }
    if (process.stderr.isTTY)
      process.stderr.write('\nInterrupted; ending cleanly. Once more to leave at once.\n');
    controller.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    interrupt,
    stop: () => {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}
