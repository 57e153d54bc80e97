import type { TestRun } from '@pg-evict/testing';

const key = Symbol.for('pg-evict.jest.runs/1');

/**
 * The runs that this process began, by their id. Jest loads the global setup and the environment apart from each other,
 * perhaps as different builds; in band, they share a process.
 */
export function ownRuns(): Map<string, TestRun> {
  const holder = process as unknown as { [key]?: Map<string, TestRun> };
  return (holder[key] ??= new Map());
}
