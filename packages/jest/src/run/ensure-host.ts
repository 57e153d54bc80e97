import { join } from 'node:path';
import { hasHost, isRunOver, PgEvictError, startDetachedHost } from '@pg-evict/testing/worker';
import { isMainThread } from 'node:worker_threads';
import { packageDirectory } from '../package-directory.cjs';

/**
 * Makes sure that this process belongs to a run. If our global setup did not begin one, because the project's replaced
 * it, the run is begun here, and a process of its own is its host. Blocks, because an environment has to know its
 * variables when it is constructed.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` and the errors of the start of a run; `REFUSED` if a signal has ended it
 */
export function ensureHost(directory: string): void {
  if (hasHost()) return;
  if (isRunOver()) throw new PgEvictError('REFUSED', 'The process that started the test run has ended it.');
  const isWorker = process.env['JEST_WORKER_ID'] !== undefined && isMainThread && process.send !== undefined;
  startDetachedHost({
    directory,
    runner: isWorker ? process.ppid : process.pid,
    program: join(packageDirectory, 'host-program.js'),
    reason:
      "The global setup of '@pg-evict/jest' did not run, so this run of tests has a process of its own as its host. Let your own globalSetup and globalTeardown call those of '@pg-evict/jest/global-setup' and '@pg-evict/jest/global-teardown'.",
  });
}
