import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { typedInto } from '../terminal.js';
import { bin, cliEnvironment } from './run-cli.js';

const limitMs = 500_000;

/** What a test does once a text has appeared. */
export interface TerminalStep {
  readonly after: string;
  readonly type: string;
  /** What else happens, before it is typed. */
  readonly and?: () => void;
}

/** What was shown on a terminal: stdout and stderr as one. */
export interface TerminalRun {
  readonly code: number | null;
  readonly output: string;
  /**
   * The output as one line without control sequences. Sizes, ports and times decide where a message wraps, so a test of
   * its words looks here.
   */
  readonly text: string;
}

/** Runs the command on a terminal of a given size. */
export async function runOnTerminal(
  args: readonly string[],
  options: {
    env?: Readonly<Record<string, string>>;
    steps?: readonly TerminalStep[];
    columns?: number;
    rows?: number;
    /** Of the shell, behind the command. */
    redirection?: string;
  } = {},
): Promise<TerminalRun> {
  const { columns = 100, rows = 40, redirection } = options;
  const child = spawn(
    ...typedInto([process.execPath, bin, ...args], {
      before: `stty cols ${columns} rows ${rows}`,
      redirection,
    }),
    {
      env: { ...cliEnvironment(options.env), SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const steps = [...(options.steps ?? [])];
  let output = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    const [next] = steps;
    const at = next === undefined ? -1 : output.indexOf(next.after, seen);
    if (next === undefined || at === -1) return;
    seen = at + next.after.length;
    steps.shift();
    next.and?.();
    child.stdin.write(next.type);
  });
  const code = await new Promise<number | null>((done, fail) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      fail(new Error(`still running after ${limitMs} ms, having shown:\n${output}`));
    }, limitMs);
    child.once('error', fail);
    child.once('close', (exitCode) => {
      clearTimeout(limit);
      done(exitCode);
    });
  });
  return { code, output, text: stripVTControlCharacters(output).replaceAll(/\s+/g, ' ') };
}
