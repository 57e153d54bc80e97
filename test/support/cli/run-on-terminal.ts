import { spawn, spawnSync } from 'node:child_process';
import { bin, cliEnvironment } from './run-cli.js';

const isMac = process.platform === 'darwin';

/** Whether this machine has `script` (util-linux, macOS), which gives a process a real terminal without native code. */
export const hasTerminal =
  process.platform !== 'win32' &&
  spawnSync('script', isMac ? ['-q', '/dev/null', 'true'] : ['-qec', 'true', '/dev/null'], { stdio: 'pipe' })
    .status === 0;

if (!hasTerminal) {
  process.stderr.write(
    '\n!!! No `script` command here: the tests of prompt, colour and Ctrl-C are SKIPPED.\n\n',
  );
}

const limitMs = 20_000;

/** What a test does once a text has appeared. */
export interface TerminalStep {
  readonly after: string;
  readonly type: string;
  /** What else happens, before it is typed. */
  readonly and?: () => void;
}

/** Runs the command on a terminal of a given size. stdout and stderr come out as one. */
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
): Promise<{ code: number | null; output: string }> {
  const quoted = [process.execPath, bin, ...args].map(
    (word) => `'${word.replaceAll("'", String.raw`'\''`)}'`,
  );
  const command = `stty cols ${options.columns ?? 100} rows ${options.rows ?? 40}; exec ${quoted.join(' ')} ${options.redirection ?? ''}`;
  const child = spawn(
    'script',
    isMac ? ['-q', '/dev/null', 'sh', '-c', command] : ['-qec', command, '/dev/null'],
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
  return { code, output };
}
