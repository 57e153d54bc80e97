import { spawn } from 'node:child_process';
import { PgEvictError } from '@pg-evict/core';
import { misleadingVariables } from '@pg-evict/core/internal';
import type { DatabaseAddress } from '../server/database-address.js';

/** How much of the end of a failed command's output is shown. */
const shownLines = 20;

/** What would lead a command to another server or database than the variables beside it. */
const misleading = new Set([...misleadingVariables, 'PGPASSWORD']);

/**
 * Runs a shell command that fills the database in `DATABASE_URL` and libpq's variables.
 *
 * @throws {@link PgEvictError} `UNEXPECTED` with the end of its output where it fails
 */
export async function fillWithCommand(
  command: string,
  cwd: string,
  { environment }: DatabaseAddress,
): Promise<void> {
  const inherited = Object.entries(process.env).filter(([name]) => !misleading.has(name));
  const child = spawn(command, {
    shell: true,
    cwd,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (text: string): void => {
    output = (output + text).slice(-16_384);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(signal === null ? `exit code ${code ?? 0}` : `signal ${signal}`);
    });
  });
  if (ended === 'exit code 0') return;
  const end = withoutPassword(output, environment).trimEnd().split('\n').slice(-shownLines).join('\n');
  throw new PgEvictError('UNEXPECTED', `"${command}" ended with ${ended}${end === '' ? '.' : `:\n${end}`}`);
}

function withoutPassword(
  text: string,
  { DATABASE_URL, PGPASSWORD }: Readonly<Record<string, string>>,
): string {
  const secrets = [DATABASE_URL, PGPASSWORD, PGPASSWORD && encodeURIComponent(PGPASSWORD)];
  return secrets.reduce<string>((shown, secret) => (secret ? shown.replaceAll(secret, '…') : shown), text);
}
