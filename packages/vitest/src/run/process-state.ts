import type { TestHost } from '@pg-evict/testing';
import type { TestProject } from 'vitest/node';

/** A run of Vitest, which may have a run of tests for each configuration of pg-evict. */
export interface HostedProjects {
  readonly host: TestHost;
  /** By configuration of pg-evict: the folder that identifies its run. */
  readonly directories: Map<string, string>;
}

/** The state that the process of Vitest keeps between the global setups of its projects. */
export interface ProcessState {
  run: HostedProjects | undefined;
  readonly projects: Set<TestProject>;
  isEndedWithProcess: boolean;
  isWatched: boolean;
  /** While runs begin: gives up, and waits until nothing of them is left. */
  cancelBeginning: (() => Promise<void>) | undefined;
}

/** The state of this process. Vitest may load the global setup once for each project. */
export function processState(): ProcessState {
  const key = Symbol.for('pg-evict.vitest.run/1');
  const holder = process as unknown as Record<symbol, ProcessState | undefined>;
  return (holder[key] ??= {
    run: undefined,
    projects: new Set(),
    isEndedWithProcess: false,
    isWatched: false,
    cancelBeginning: undefined,
  });
}
