import type { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Vitest } from 'vitest/node';
import { processState } from './process-state.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * How long a signal waits: the process that fills a template is ended, and the unfinished template is dropped. A run may
 * also be waiting for a template that another process builds.
 */
const heldMs = 2000;

/**
 * Holds signals back while runs begin: upon one, Vitest exits within a millisecond, and would leave the databases of a
 * run that it does not know yet. A signal has its usual effect as soon as the runs have begun or failed, after two
 * seconds at the latest, or at once with the second. In watch mode on a terminal, Ctrl-C is a key that makes Vitest
 * cancel the run; it waits for that as long.
 *
 * @param begin begins them, and is told by a signal to give up
 */
export async function holdSignals(
  vitest: Vitest,
  begin: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const giveUp = new AbortController();
  const emitter: EventEmitter = process;
  const held = signals.map((signal) => ({ signal, listeners: process.rawListeners(signal) }));
  let received: readonly [NodeJS.Signals, number] | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const giveBack = (): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    for (const { signal, listeners } of held) {
      for (const listener of listeners) emitter.on(signal, listener as () => void);
      emitter.off(signal, hold);
    }
    // Not by `process.kill`, which ends a process on Windows whatever listens.
    if (received !== undefined && !emitter.emit(received[0], ...received))
      process.kill(process.pid, received[0]);
  };
  const hold = (signal: NodeJS.Signals, number: number): void => {
    if (received !== undefined) giveBack();
    received ??= [signal, number];
    giveUp.abort();
    timer ??= setTimeout(giveBack, heldMs);
  };
  for (const { signal, listeners } of held) {
    // First, so that the signal is never without a listener.
    emitter.on(signal, hold);
    for (const listener of listeners) emitter.off(signal, listener as () => void);
  }
  const beginning = begin(giveUp.signal);
  const hasEnded = beginning.catch(() => undefined);
  const cancel = async (): Promise<void> => {
    giveUp.abort();
    await Promise.race([hasEnded, pause(heldMs, undefined, { ref: false })]);
  };
  const stopListening = onCancel(vitest, cancel);
  const state = processState();
  state.cancelBeginning = cancel;
  try {
    await beginning;
  } finally {
    stopListening();
    state.cancelBeginning = undefined;
    giveBack();
  }
}

/** Vitest 3 returns no function that removes the listener. */
function onCancel(vitest: Vitest, cancel: () => Promise<void>): () => void {
  const off = vitest.onCancel(cancel) as (() => void) | undefined;
  return off ?? (() => undefined);
}
