import { spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const bin = resolve(__dirname, '../../../packages/cli/bin/pg-evict.cjs');

/** A home that does not exist, so without dot files of whoever runs the tests. */
const noHome = join(tmpdir(), 'pg-evict-test-no-home');

/** What a run of the command left. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a run: nothing that would name a server but what the test gives. */
export function cliEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: noHome, TERM: 'xterm-256color', ...env };
}

/** Starts the command as a process of its own, without a terminal. */
export function startCli(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  cwd?: string,
): { process: ChildProcess; result: Promise<CliResult> } {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: cliEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  const result = new Promise<CliResult>((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      done({ code, ...output });
    });
  });
  return { process: child, result };
}

/** Runs the command to its end. */
export async function runCli(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  cwd?: string,
): Promise<CliResult> {
  return startCli(args, env, cwd).result;
}

/** Runs the command with `--json` and reads the one document it must print. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- the shape a test reads, checked by what it expects
export async function runCliJson<T = Record<string, unknown>>(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<CliResult & { document: T }> {
  const result = await runCli(['--json', ...args], env);
  if (result.stdout === '') throw new Error(`nothing on stdout, but: ${result.stderr}`);
  return { ...result, document: JSON.parse(result.stdout) as T };
}
