import { threadState } from '../captured/thread-state.js';
import { tell } from '../captured/streams.js';
import { trackTimers } from '../leaks/track-timers.js';
import { hasHost } from '../wire/host-variable.js';
import { startDetachedHost } from '../worker/detached-host.js';
import { borrowForFile } from '../worker/borrow-for-file.js';
import { printedError } from '../worker/printed-error.js';
import { roleInRun } from './role.js';
import { TestFile } from './test-file.js';

/** The test file of this process. */
function running(): { file: TestFile | undefined } {
  return threadState('node-test/1', (): { file: TestFile | undefined } => ({ file: undefined }));
}

/**
 * Gives the test file that this process is about to load a database of its own: waits until that is ready, sets the
 * variables, and takes care of the end of the file. The first process of a run that finds no host starts one.
 * Does nothing in a process that runs no test file.
 *
 * @throws {@link PgEvictError} the errors of `startRun` and `acquireDatabase`
 */
export async function beginTestFile(): Promise<void> {
  try {
    await begin();
  } catch (error) {
    throw printedError(error);
  }
}

async function begin(): Promise<void> {
  const role = roleInRun();
  if (role === undefined) return;
  const { file, runner } = role;
  if (!hasHost()) startDetachedHost({ directory: process.cwd(), runner });
  if (file === null) {
    tell('pg-evict: one process runs all test files (--test-isolation=none), so they share one database.');
  }
  const { default: nodeTest } = await import('node:test');
  const timers = trackTimers(globalThis);
  const database = borrowForFile({ file: file ?? 'This run of node:test', waits: true });
  database.watch.enter('while the file was loaded');
  const testFile = new TestFile(nodeTest, database, file, timers);
  running().file = testFile;
  testFile.follow();
  await database.ready();
  database.setVariables();
}

/** Whether this process runs a test file that has a database. */
export function isInTestFile(): boolean {
  return running().file !== undefined;
}

/** Gives the database of this process back, if it has one. */
export async function leaveTestFile(): Promise<void> {
  await running().file?.leave();
}
