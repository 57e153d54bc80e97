import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Interrupts } from '../terminal/interrupts.js';
import { endGracefully } from './end-gracefully.js';

/** How a command ended. */
export interface ChildOutcome {
  /** Its own; 128 + n when signal n ended it; 127 or 126 when it could not be started. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was terminated because the time was up. */
  readonly timedOut: boolean;
  /** For messages, after "the command ended": `with exit code 1`. */
  readonly text: string;
}

/**
 * Runs a command to its end, without a shell. Signals are passed on to it, and it decides how to react; the terminal
 * itself sends Ctrl-C to it.
 */
export async function runChild(
  { file, args }: { readonly file: string; readonly args: readonly string[] },
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly stdout: 'inherit' | 'stderr';
    /** When it has to end, as `performance.now()` counts. */
    readonly endsAt: number | undefined;
    /** Tells it to end when it fires. */
    readonly stop: AbortSignal;
    readonly interrupts: Interrupts;
  },
): Promise<ChildOutcome> {
  const { endsAt, env, interrupts, stdout, stop } = options;
  const child = spawn(file, args, {
    env,
    stdio: ['inherit', stdout === 'stderr' ? 2 : 'inherit', 'inherit'],
  });
  const isOnTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  interrupts.handOver((signal) => {
    if (signal !== 'SIGINT' || !isOnTerminal) child.kill(signal);
  });
  let timedOut = false;
  const { end, forget } = endGracefully((signal) => child.kill(signal));
  const timer =
    endsAt === undefined
      ? undefined
      : setTimeout(
          () => {
            timedOut = true;
            end();
          },
          Math.max(0, endsAt - performance.now()),
        );
  stop.addEventListener('abort', end, { once: true });
  if (stop.aborted) end();
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (...ended) => {
        resolve(ended);
      });
    });
    return signal === null
      ? { exitCode: code ?? 0, signal, timedOut, text: `with exit code ${code ?? 0}` }
      : { exitCode: 128 + constants.signals[signal], signal, timedOut, text: `by ${signal}` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    process.stderr.write(`error: the command could not be started (${code ?? String(error)}).\n`);
    if (process.platform === 'win32') {
      const hint = 'npm, npx and the like are .cmd files, which only a shell starts: -- cmd /c npm …';
      process.stderr.write(`hint: ${hint}\n`);
    }
    return { exitCode: code === 'ENOENT' ? 127 : 126, signal: null, timedOut, text: 'before it began' };
  } finally {
    clearTimeout(timer);
    forget();
    stop.removeEventListener('abort', end);
    interrupts.handOver(undefined);
  }
}
