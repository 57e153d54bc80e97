import { join } from 'node:path';
import { endHost } from '@pg-evict/testing';
import { endOnSignals, endRunsElsewhere } from '@pg-evict/testing/internal';
import type { TestProject } from 'vitest/node';
import { packageDirectory } from '../package-directory.cjs';
import { processState } from './process-state.js';

/** The tests of projects are over; after those of the last one, all runs are ended, with all their databases. */
export async function endProjects(over: readonly TestProject[]): Promise<void> {
  const { cancelBeginning, projects } = processState();
  for (const project of over) projects.delete(project);
  if (projects.size > 0) return;
  // In watch mode, the key `q` quits while a run is being begun again.
  await cancelBeginning?.();
  await endOwnRuns();
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
 * Makes sure that the runs are ended if this process ends without a teardown: by a signal, or, as Vitest does upon one,
 * by an exit. In the latter case another process ends them, and is waited for.
 */
export function endRunsWithProcess(): void {
  const state = processState();
  if (state.isEndedWithProcess) return;
  state.isEndedWithProcess = true;
  endOnSignals(endOwnRuns);
  // Vitest 3 has a listener that exits at once.
  process.prependListener('exit', () => {
    if (state.run !== undefined) endRunsElsewhere(state.run.host, join(packageDirectory, 'end-elsewhere.js'));
  });
}
