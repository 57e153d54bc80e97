import { spawn } from 'node:child_process';
import { PgEvictError } from '@pg-evict/core';
import type { CommandJob } from './job.js';

/** An error of a driver has its text above some thirty lines of its stack and its fields. */
const shownLines = 50;

/** How long a command may take to end by itself after SIGTERM. */
const endingMs = 5000;

/**
 * Runs a command in the environment of this process, to its end.
 *
 * @throws {@link PgEvictError} `UNEXPECTED` if it fails, with the end of its output if that was not shown;
 * `CONFIG_INVALID` if it cannot be started, `ABORTED`
 */
export async function fillWithCommand(
  { command, args, capture, fate }: CommandJob,
  signal: AbortSignal,
): Promise<void> {
  const isGroup = capture && process.platform !== 'win32';
  const child = spawn(command, args ?? [], {
    shell: args === undefined,
    // A command that may ask on the terminal has to stay in the foreground.
    detached: isGroup,
    stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  const kill = (how: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      if (isGroup) process.kill(-child.pid, how);
      else child.kill(how);
    } catch {
      // It has just ended.
    }
  };
  const leave = (): void => kill('SIGKILL');
  let killer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    kill('SIGTERM');
    killer ??= setTimeout(leave, endingMs);
  };
  process.once('exit', leave);
  signal.addEventListener('abort', stop, { once: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-16_384);
    });
  }
  const name = [command, ...(args ?? [])].join(' ');
  try {
    const ended = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, by) => {
        resolve(by === null ? `exit code ${code ?? 0}` : `signal ${by}`);
      });
    });
    const after = fate === undefined ? '' : `; ${fate}`;
    if (signal.aborted) throw new PgEvictError('ABORTED', `Aborted. "${name}" ended with ${ended}${after}.`);
    if (ended === 'exit code 0') return;
    const end = withoutPassword(output).trimEnd().split('\n').slice(-shownLines).join('\n');
    throw new PgEvictError(
      'UNEXPECTED',
      `"${name}" ended with ${ended}${after}${end === '' ? '.' : `:\n${end}`}`,
    );
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall?.startsWith('spawn') !== true) throw error;
    throw new PgEvictError('CONFIG_INVALID', `"${name}" could not be started (${code ?? ''}).`, {
      hint: 'Check the name of the command, and that it can be run.',
      cause: error,
    });
  } finally {
    clearTimeout(killer);
    process.off('exit', leave);
  }
}

function withoutPassword(text: string): string {
  const { DATABASE_URL, PGPASSWORD } = process.env;
  const secrets = [DATABASE_URL, PGPASSWORD, PGPASSWORD && encodeURIComponent(PGPASSWORD)];
  return secrets.reduce<string>((shown, secret) => (secret ? shown.replaceAll(secret, '…') : shown), text);
}
