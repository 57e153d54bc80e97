import type { TestRun } from '@pg-evict/testing';
import { processState } from './process-state.js';

/** The runs that this process began, by their id. */
export function ownRuns(): Map<string, TestRun> {
  return processState('runs/1', () => new Map<string, TestRun>());
}
