import { clearConfigCache } from '@pg-evict/config/internal';
import { isPgEvictError } from '@pg-evict/core';
import type { TestProject } from 'vitest/node';
import { type ProvidedFailure, runKey } from '../contract/provided.js';
import { beginProject } from './begin-project.js';
import { endOwnRuns } from './end-projects.js';
import { holdSignals } from './hold-signals.js';
import { processState } from './process-state.js';

/**
 * In watch mode, each run of tests begins with the current configuration, migrations and seeds. If it cannot be begun,
 * each test file fails with the reason.
 */
export function beginAgainOnRerun(project: TestProject): void {
  const state = processState();
  if (state.isWatched) return;
  state.isWatched = true;
  project.onTestsRerun(async () => {
    clearConfigCache();
    await endOwnRuns().catch(() => undefined);
    try {
      await holdSignals(project.vitest, async (signal) => {
        for (const one of state.projects) await beginProject(one, signal);
      });
    } catch (error) {
      const code = isPgEvictError(error) ? error.code : 'UNEXPECTED';
      const message = error instanceof Error ? error.message : String(error);
      for (const one of state.projects)
        one.provide(runKey, { failure: { code, message } } satisfies ProvidedFailure as never);
    }
  });
}
