import {
  borrowForFile,
  type FileDatabase,
  type FileSettings,
  PgEvictError,
  printedError,
  setHostVariable,
  startDetachedHost,
} from '@pg-evict/testing/worker';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { expect, inject } from 'vitest';
import { type ProvidedFailure, type ProvidedRun, runKey, settingsKey } from '../contract/provided.js';
import { packageDirectory } from '../package-directory.cjs';
import { followFile } from './hooks.js';
import { realmState } from './realm-state.js';
import { SharedFile } from './shared-file.js';
import { TestFile } from './test-file.js';

/**
 * Begins the test file that Vitest is about to load, unless a setup file has begun it already: when this resolves, its
 * database is there and its variables are set.
 *
 * @param options `anew`: called by our own setup file, once for each test file; `isRepeated`: whether that is evaluated
 * for each test file
 * @throws PgEvictError `CONFIG_INVALID`, the errors of `acquireDatabase`, `CONNECTION_FAILED`, `TIMEOUT`
 */
export async function beginTestFile({ anew = false, isRepeated = true } = {}): Promise<void> {
  try {
    await beginOnce(anew, isRepeated);
  } catch (error) {
    throw printedError(error);
  }
}

async function beginOnce(anew: boolean, isRepeated: boolean): Promise<void> {
  const state = realmState();
  const path = expect.getState().testPath ?? '';
  const begun = state.file;
  const isThere = begun !== undefined && !begun.isOver && begun.path === path && !(anew && begun.isClaimed);
  const file = isThere ? begun : begin(path, isRepeated);
  state.file = file;
  file.isClaimed ||= anew;
  await state.reset;
  await file.database.ready();
  file.database.setVariables();
}

/** Waits for nothing. */
function begin(path: string, isRepeated: boolean): TestFile {
  const run = providedRun();
  if (run?.shared === true && !isRepeated) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      "With isolate: false, Vitest would evaluate '@pg-evict/vitest/setup' for the first test file of a worker only.",
      { hint: "Use plugins: [pgEvict()], or add server: { deps: { inline: ['@pg-evict/vitest'] } }." },
    );
  }
  const file = run?.shared === true ? new SharedFile(path, sharedDatabase(path, run)) : ownFile(path, run);
  followFile(file);
  return file;
}

function ownFile(path: string, run: ProvidedRun | undefined): TestFile {
  return new TestFile(path, borrow(path, run));
}

function sharedDatabase(path: string, run: ProvidedRun): FileDatabase {
  const state = realmState();
  // In watch mode, a worker may see several runs.
  if (state.shared === undefined || state.address !== run.address) {
    state.shared = borrow(path, run);
    state.address = run.address;
  }
  return state.shared;
}

function borrow(file: string, run: ProvidedRun | undefined): FileDatabase {
  const settings = inject(settingsKey) as FileSettings | undefined;
  return borrowForFile({
    file,
    directory: run?.directory,
    settings,
    // Vitest runs later files of a worker in the context that earlier ones left.
    entered: false,
    // Where files share modules, an open session is no leak.
    followed: run?.shared !== true,
    waits: true,
  });
}

/** The run of this test file, which this process belongs to from here on. */
function providedRun(): ProvidedRun | undefined {
  const provided = inject(runKey) as ProvidedRun | ProvidedFailure | undefined;
  if (provided === undefined) {
    beginDetached();
    return undefined;
  }
  if ('failure' in provided) throw new PgEvictError(provided.failure.code, provided.failure.message);
  setHostVariable(process.env, provided.address);
  return provided;
}

/** Our global setup has not begun a run. */
function beginDetached(): void {
  const isWorker = isMainThread && process.send !== undefined;
  startDetachedHost({
    directory: process.cwd(),
    runner: isWorker ? process.ppid : process.pid,
    program: join(packageDirectory, '../cjs/host-program.js'),
    reason:
      "The global setup of '@pg-evict/vitest' did not run, so this run of tests has a process of its own as its host. Use plugins: [pgEvict()], or name '@pg-evict/vitest/global-setup' in globalSetup.",
  });
}
