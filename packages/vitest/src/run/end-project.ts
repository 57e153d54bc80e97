import { join } from 'node:path';
import { endHost, endRunsElsewhere } from '@pg-evict/testing';
import type { TestProject } from 'vitest/node';
import { packageDirectory } from '../package-directory.cjs';
import { processState } from './process-state.js';

/** A project's tests are over; after those of the last one, all runs are ended, with every database of theirs. */
export async function endProject(project: TestProject): Promise<void> {
  const { projects } = processState();
  projects.delete(project);
  if (projects.size === 0) await endOwnRuns();
}

/** Ends the runs that this process has begun. */
export async function endOwnRuns(): Promise<void> {
  const state = processState();
  const { run } = state;
  if (run === undefined) return;
  try {
    await endHost(run.host);
  } finally {
    if (state.run === run) state.run = undefined;
  }
}

/**
 * Where this process exits without a teardown, as Vitest does when a signal ends it, another one ends its runs, and is
 * waited for.
 */
export function endRunsOnExit(): void {
  const state = processState();
  if (state.isEndedOnExit) return;
  state.isEndedOnExit = true;
  process.on('exit', () => {
    if (state.run !== undefined) endRunsElsewhere(state.run.host, join(packageDirectory, 'end-elsewhere.js'));
  });
}
