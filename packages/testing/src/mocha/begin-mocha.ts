import { trackTimers } from '../leaks/track-timers.js';
import { hasHost } from '../wire/host-variable.js';
import { startDetachedHost } from '../worker/detached-host.js';
import { borrowForFile } from '../worker/borrow-for-file.js';
import { printedError } from '../worker/printed-error.js';
import { mochaProcess } from './mocha-process.js';
import type { RootHooks } from './mocha-types.js';
import { TestProcess } from './test-process.js';

/** A root hook plugin for Mocha; without hooks in a process that runs no tests. */
export interface MochaPlugin {
  readonly mochaHooks?: RootHooks;
}

/**
 * Gives this process of Mocha a database of its own before it loads test files: sets its variables, waits until the
 * database is ready, and returns the hooks that reset it between files. The first process of a run starts the host of
 * the run.
 *
 * @throws {@link PgEvictError} the errors of `startRun` and `acquireDatabase`
 */
export async function beginMocha(): Promise<MochaPlugin> {
  try {
    return await begin();
  } catch (error) {
    throw printedError(error);
  }
}

async function begin(): Promise<MochaPlugin> {
  const mocha = mochaProcess();
  if (mocha === undefined) return {};
  if (!hasHost()) startDetachedHost({ directory: process.cwd(), runner: mocha.runner });
  if (!mocha.runsTests) return {};
  const timers = trackTimers(globalThis);
  const database = borrowForFile({ file: 'This run of Mocha' });
  database.setVariables();
  database.watch.enter('while files were loaded');
  await database.ready();
  return { mochaHooks: new TestProcess(mocha, database, timers).rootHooks() };
}
