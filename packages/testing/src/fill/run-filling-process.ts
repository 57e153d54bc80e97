import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import { spawn } from '../captured/processes.js';
import { packageDirectory } from '../package-directory.cjs';
import type { FillingGuard } from './guard.js';
import type { FilledByKnex, FillingJob, FromFillingProcess, ToFillingProcess } from './job.js';
import { ownArguments } from './own-arguments.js';
import { received } from './sent-error.js';

/** How a database is filled. */
export interface FillingProcessOptions {
  /** Leads to the database that is filled. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly guard: FillingGuard;
  /** The destination of the project's output; its stderr is ours. */
  readonly stdout: 'inherit' | 'stderr';
  readonly stdin: 'inherit' | 'ignore';
  /** Ends the process. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each completed migration, the number of all, and its duration. */
  readonly onMigration?:
    | ((name: string, count: { done: number; of: number; tookMs: number }) => void)
    | undefined;
  /** Called with the pid of the backend of each connection of knex's. */
  readonly onSession?: ((pid: number) => unknown) | undefined;
}

/** The program. */
const program = join(packageDirectory, 'filling-process.cjs');

/** How long it may take to report its state after it is told to end; a command gets 5 s before it is killed. */
const abortingMs = { knex: 2000, setup: 2000, command: 7000 } as const;

/**
 * Fills a database in a process of its own, which starts with nothing loaded, and whose variables lead to that
 * database. Everything that it leaves open ends with it. It ends with this process.
 *
 * @param state the fate of the database if it fails, as a sentence
 * @throws {@link PgEvictError} `REFUSED` if it connected to a database that it must not write to, `ABORTED`, and the
 * error that it failed with
 */
export async function runFillingProcess(
  job: FillingJob,
  state: string,
  options: FillingProcessOptions,
): Promise<FilledByKnex> {
  const { guard } = options;
  try {
    return await follow(job, options);
  } catch (error) {
    const refusal = guard.refusal(state);
    if (refusal === undefined) throw error;
    throw Object.defineProperty(refusal, 'cause', { value: error, configurable: true, writable: true });
  }
}

async function follow(job: FillingJob, options: FillingProcessOptions): Promise<FilledByKnex> {
  const { cwd, env, guard, onMigration, onSession, signal, stdin, stdout } = options;
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [...ownArguments(), noTypelessWarning, program], {
    cwd,
    env: guard.environment(env),
    serialization: 'advanced',
    stdio: [stdin, stdout === 'stderr' ? 2 : 'inherit', 'inherit', 'ipc'],
  });
  let outcome: { readonly filled: FilledByKnex } | { readonly error: Error } | undefined;
  child.on('message', (message: FromFillingProcess) => {
    if ('migrated' in message) onMigration?.(message.migrated, message);
    else if ('session' in message) onSession?.(message.session);
    else if ('filled' in message) outcome ??= { filled: message.filled };
    else outcome ??= { error: received(message.failed) };
  });
  const kill = (): void => void child.kill('SIGKILL');
  let killer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    tell(child, { abort: true });
    killer ??= setTimeout(kill, abortingMs[job.kind]);
  };
  const stopWatching = guard.onStuck(kill);
  process.once('exit', kill);
  try {
    const ended = new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, by) => {
        resolve(by === null ? `with exit code ${code ?? 0}` : `by ${by}`);
      });
    });
    tell(child, { job });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    const how = await ended;
    // Its last message may arrive after its end.
    if (child.connected) await once(child, 'disconnect');
    const refusal = guard.refusal('');
    if (outcome !== undefined && 'error' in outcome) throw outcome.error;
    if (signal?.aborted === true && outcome === undefined) throw aborted(signal);
    if (refusal !== undefined) throw refusal;
    if (outcome === undefined) throw endedEarly(how);
    return outcome.filled;
  } finally {
    clearTimeout(killer);
    stopWatching();
    process.off('exit', kill);
    signal?.removeEventListener('abort', abort);
  }
}

/** Not to one that has ended. */
function tell(child: ChildProcess, message: ToFillingProcess): void {
  if (child.connected) child.send(message, () => undefined);
}

/** Newer versions of Node warn of each TypeScript file of a package that does not declare its module kind. */
const noTypelessWarning = '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON';

function aborted(signal: AbortSignal): PgEvictError {
  return new PgEvictError(
    'ABORTED',
    'Aborted. The process that filled the database did not end by itself and was ended.',
    {
      cause: signal.reason,
    },
  );
}

function endedEarly(how: string): PgEvictError {
  return new PgEvictError(
    'UNEXPECTED',
    `The process that filled the database ended ${how} before it was done.`,
    { hint: 'A migration, a seed or one of their imports has ended it: they must not call process.exit().' },
  );
}
