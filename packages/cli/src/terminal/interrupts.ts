/** Ctrl-C, SIGTERM and SIGHUP, turned into an AbortSignal. */
export interface Interrupts {
  readonly signal: AbortSignal;
  /** The effect of a signal, for a prompt that receives Ctrl-C as a key. */
  readonly interrupt: () => void;
  /** From now on, a signal calls `handler`, and nothing else; `undefined` restores the usual behaviour. */
  handOver(handler: ((signal: Interrupting) => void) | undefined): void;
  stop(): void;
}

export type Interrupting = (typeof signals)[number];

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first interrupt aborts, and the operation ends cleanly in its own time. The second exits immediately, without
 * waiting for the server.
 */
export function listenForInterrupts(): Interrupts {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) {
      process.stderr.write('Exited immediately. The server may still be running the last statement.\n');
      // oxlint-disable-next-line no-process-exit -- waiting is what the user has just refused to do
      process.exit(130);
    }
    if (process.stderr.isTTY)
      process.stderr.write('\nInterrupted; shutting down cleanly. Press Ctrl-C again to exit immediately.\n');
    controller.abort();
  };
  let handler: ((signal: Interrupting) => void) | undefined;
  const receive = (signal: Interrupting): void => {
    if (handler === undefined) interrupt();
    else handler(signal);
  };
  for (const signal of signals) process.on(signal, receive);
  return {
    signal: controller.signal,
    interrupt,
    handOver: (next) => {
      handler = next;
    },
    stop: () => {
      for (const signal of signals) process.off(signal, receive);
    },
  };
}
