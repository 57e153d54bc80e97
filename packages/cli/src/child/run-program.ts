import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { isPgEvictError, PgEvictError, redactQuery } from '../context/engine.js';
import { printable } from '../terminal/printable.js';
import { endGracefully } from './end-gracefully.js';
import { findExecutable } from './find-executable.js';

/** How a program of PostgreSQL's ended. */
export interface ProgramOutcome {
  readonly succeeded: boolean;
  /** The first line that tells of an error, or how the program ended. */
  readonly problem: string;
  /** All of its stderr, passwords masked. */
  readonly messages: string;
}

/** How a program is run. */
export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Ends it when it fires; its exit is still waited for. */
  readonly signal: AbortSignal | undefined;
  /** Writes to its stdin, and ends that. An exception ends the program. @default nothing to read */
  readonly feed?: (stdin: Writable, end: () => void) => Promise<void>;
  /** @default its output on stdout is dropped */
  readonly onStdout?: (chunk: string) => void;
  /** Called with each line of its stderr, safe to print. */
  readonly onMessage?: (line: string) => void;
}

/** Refuses to begin without a program. @throws PgEvictError `CONFIG_INVALID` */
export function assertInstalled(program: string): void {
  const missing = findExecutable(program);
  if (missing === undefined) return;
  throw new PgEvictError(
    'CONFIG_INVALID',
    `${missing.message}, which restores such a dump. Nothing was changed.`,
    {
      hint: "Install PostgreSQL's client programs, or put their folder on PATH. Debian, Ubuntu: apt-get install postgresql-client; Alpine: apk add postgresql-client; macOS: brew install libpq.",
    },
  );
}

/**
 * Runs a program to its end. It has no terminal, so it cannot ask for a password, and Ctrl-C does not reach it
 * directly. It never outlives this process.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { env, feed, onMessage, onStdout, signal }: ProgramOptions,
): Promise<ProgramOutcome> {
  const isGroup = process.platform !== 'win32';
  const child = spawn(program, args, {
    env,
    detached: isGroup,
    windowsHide: true,
    stdio: [feed === undefined ? 'ignore' : 'pipe', onStdout === undefined ? 'ignore' : 'pipe', 'pipe'],
  });
  // With --jobs it has processes of its own.
  const kill = (how: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      if (isGroup) process.kill(-child.pid, how);
      else child.kill(how);
    } catch {
      // It has just ended.
    }
  };
  const { end: stop, forget } = endGracefully(kill);
  const leave = (): void => {
    kill('SIGKILL');
  };
  process.once('exit', leave);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  const lines: string[] = [];
  createInterface({ input: child.stderr as Readable }).on('line', (line) => {
    const safe = printable(redactQuery(line));
    lines.push(safe);
    onMessage?.(safe);
  });
  if (onStdout !== undefined) child.stdout?.setEncoding('latin1').on('data', onStdout);
  try {
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (...outcome) => {
        resolve(outcome);
      });
    });
    // A write error alone does not explain its end; its own message does.
    const feeding = child.stdin === null ? undefined : feed?.(child.stdin, leave);
    const [[code, endedBy], fed] = await Promise.all([
      ended,
      feeding?.then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
    ]);
    if (fed !== undefined && (code === 0 || isPgEvictError(fed.error))) throw fed.error;
    const problem = problemIn(lines) ?? `${program} ${howItEnded(code, endedBy)}`;
    return { succeeded: code === 0, problem: problem.replace(/\.$/, ''), messages: lines.join('\n') };
  } finally {
    forget();
    process.off('exit', leave);
    signal?.removeEventListener('abort', stop);
  }
}

/** The first line that describes an error, else the first of all. */
const problemIn = (lines: readonly string[]): string | undefined =>
  lines.find((line) => /\b(?:error|fatal|panic):/i.test(line)) ?? lines[0];

const howItEnded = (code: number | null, endedBy: NodeJS.Signals | null): string =>
  endedBy === null ? `ended with exit code ${code ?? 0}` : `was ended by ${endedBy}`;
