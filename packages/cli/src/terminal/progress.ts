import type { OperationStep } from '@pg-evict/core';
import type { Spinner } from 'yocto-spinner';
import { isVerbose } from './verbose.js';

/** A spinner that appears only when something takes longer than a blink. */
export interface Progress {
  /** Announces the step that follows. */
  readonly step: (step: OperationStep) => void;
  /** Changes the text; `isTimed` if the text itself contains the time. */
  readonly say: (text: string, isTimed?: boolean) => void;
  /** Says for whom something waits: elsewhere than on a terminal in a line of its own, and not all too often. */
  readonly waitFor: (whom: string) => void;
  /** Whether there is a terminal to show it on. */
  readonly isShown: boolean;
  /** Whether it says nothing at all. */
  readonly isMute: boolean;
  /** Prints a line above it. */
  readonly print: (line: string) => void;
  readonly stop: () => void;
}

const blinkMs = 150;

/** How long a line about a wait stands before the next one. */
const lineMs = 10_000;

/** The step that follows each one; after any other, nothing new is announced. */
const afterStep: Partial<Record<OperationStep, string>> = {
  connected: 'Looking at the sessions',
  checked: 'Terminating the sessions',
  created: 'Carrying the settings over',
  'settings-applied': 'Swapping',
  swapped: 'Dropping the old database',
  renamed: 'Finishing',
  returned: 'Finishing',
  dropped: 'Finishing',
};

/** Starts waiting. Draws on stderr, and only where that is a terminal; elsewhere it writes few lines there. */
export function startProgress(options: { readonly quiet?: true; readonly verbose?: true }): Progress {
  const startedAt = performance.now();
  let text = 'Connecting';
  let timed = false;
  let spinner: Spinner | undefined;
  let stopped = false;
  const show = async (): Promise<void> => {
    const { default: yoctoSpinner } = await import('yocto-spinner');
    if (stopped) return;
    // Its own signal handling exits the process in the middle of an operation.
    spinner = yoctoSpinner({ text: withTime(), handleSignals: false, stream: process.stderr }).start();
  };
  const isDrawn =
    process.stderr.isTTY &&
    options.quiet !== true &&
    !isVerbose(options) &&
    process.env['TERM'] !== 'dumb' &&
    !('CI' in process.env);
  const timer = isDrawn ? setTimeout(() => void show(), blinkMs) : undefined;
  const withTime = (): string => {
    const seconds = Math.floor((performance.now() - startedAt) / 1000);
    return timed || seconds === 0 ? text : `${text} (${seconds} s)`;
  };
  const draw = (): void => {
    if (!stopped && spinner !== undefined) spinner.text = withTime();
  };
  const clock = isDrawn ? setInterval(draw, 1000).unref() : undefined;
  const say = (next: string, isTimed = false): void => {
    text = next;
    timed = isTimed;
    draw();
  };
  const isMute = options.quiet === true;
  let lineAt = -Infinity;
  const writeLine = (whom: string): void => {
    const now = performance.now();
    if (isMute || now - lineAt < lineMs) return;
    lineAt = now;
    const seconds = Math.floor((now - startedAt) / 1000);
    process.stderr.write(`pg-evict: waiting for ${whom}, ${seconds} s so far\n`);
  };
  return {
    step: (step) => say(afterStep[step] ?? text),
    say,
    waitFor: (whom) => {
      if (isDrawn) say(`Waiting for ${whom}`);
      else writeLine(whom);
    },
    isShown: isDrawn,
    isMute,
    print: (line) => {
      const shown = stopped ? undefined : spinner;
      shown?.clear();
      process.stderr.write(`${line}\n`);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      clearInterval(clock);
      spinner?.stop();
    },
  };
}
