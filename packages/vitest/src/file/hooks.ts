import * as vitest from 'vitest';
import type { RunnerTask } from 'vitest';
import { followLegacyFile, hasLegacyRunner } from './legacy-runner.js';

/** Callbacks that run around a test file. */
export interface FileHooks {
  /** Everything of the file was loaded. */
  readonly start: () => void;
  /** Runs something of the file. */
  readonly run: <T>(callback: () => T) => T;
  /** Before each attempt at a test, and before every hook of it. */
  readonly beforeTest: (test: RunnerTask) => Promise<void> | void;
  /** After each attempt at a test, and after its hooks. */
  readonly afterTest: () => void;
  /**
   * Runs after everything of the file: hooks, the cleanups they returned, fixtures. An exception is an error of the
   * file.
   */
  readonly finish: () => Promise<void>;
}

/** Longer than the host of a run may take to answer; its error then names the session that it waits for. */
const hookMs = 90_000;

/**
 * Registers callbacks around the test file that is being loaded, outside of all hooks of the project, with every value
 * of `sequence.hooks`: call it before the project has registered any.
 */
export function followFile({ start, run, beforeTest, afterTest, finish }: FileHooks): void {
  if (hasLegacyRunner) {
    followLegacyFile(finish);
    vitest.beforeAll(start);
    vitest.beforeEach(async ({ task }) => beforeTest(task), hookMs);
    vitest.afterEach(afterTest);
    return;
  }
  vitest.aroundAll(async (runSuite) => {
    start();
    await run(runSuite);
    await finish();
  }, hookMs);
  vitest.aroundEach(async (runTest, { task }) => {
    await beforeTest(task);
    await run(runTest);
    afterTest();
  }, hookMs);
}
