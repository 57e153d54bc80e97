import * as vitest from 'vitest';
import type { RunnerTask } from 'vitest';
import { followLegacyFile, hasLegacyRunner } from './legacy-runner.js';

/** What is called while a test file runs. */
export interface FileHooks {
  /** Everything of the file was loaded. */
  readonly start: () => void;
  /** Runs something of the file. */
  readonly run: <T>(callback: () => T) => T;
  /** Before each attempt at a test, and before every hook of it. */
  readonly beforeTest: (test: RunnerTask) => Promise<void> | void;
  /** After each attempt at a test, and after its hooks. */
  readonly afterTest: () => void;
  /** After everything of the file: hooks, what they returned, fixtures. What it throws is an error of the file. */
  readonly finish: () => Promise<void>;
}

/** More than the host of a run may take to answer, which says then for whom it waits. */
const hookMs = 90_000;

/**
 * Has these called around the test file that is being loaded, outside of all hooks of the project, in whatever order
 * `sequence.hooks` has them: call it before the project has registered any.
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
