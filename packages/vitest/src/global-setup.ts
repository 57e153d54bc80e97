import { printedError } from '@pg-evict/testing/worker';
import type { TestProject } from 'vitest/node' with { 'resolution-mode': 'import' };
import { beginAgainOnRerun } from './run/begin-again.js';
import { beginProject, refuseOutside } from './run/begin-project.js';
import { endOwnRuns, endProjects, endRunsWithProcess } from './run/end-projects.js';
import { holdSignals } from './run/hold-signals.js';
import { hasOurSetup, leftOut } from './run/left-out.js';
import { processState } from './run/process-state.js';

/**
 * Vitest's global setup: begins the run of tests, sweeps leftovers of runs that died, and makes sure that the template
 * exists. The plugin adds it; without the plugin, name it yourself as `'@pg-evict/vitest/global-setup'`.
 *
 * Prints a warning on stderr if projects of a run lack `'@pg-evict/vitest/setup'`. If Vitest exits without its teardown
 * (Ctrl-C), the run is ended first.
 *
 * @returns the teardown: ends the run, with all its databases
 * @throws PgEvictError `CONFIG_INVALID`, `PROTECTED`, `CONNECTION_FAILED`, `PERMISSION_DENIED`, …
 */
export default async function globalSetup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { vitest } = project;
  const mine = beginsFor(project);
  if (mine.length > 0) {
    endRunsWithProcess();
    if (vitest.config.watch) beginAgainOnRerun(project);
  }
  await holdSignals(vitest, async (signal) => {
    try {
      for (const one of mine) await beginProject(one, signal);
    } catch (error) {
      await endOwnRuns();
      throw printedError(error);
    }
  });
  if (!vitest.projects.includes(project)) tellOfLeftOut(project);
  return async () => endProjects(mine);
}

/**
 * The projects whose run a global setup begins: its own, and, at the root of several, those that inherit it; Vitest 5
 * does not call it for them.
 */
function beginsFor(project: TestProject): TestProject[] {
  const { projects } = project.vitest;
  const { projects: begun } = processState();
  const own = projects.includes(project) ? [project] : projects.filter(hasOurSetup);
  return own.filter((one) => !begun.has(one) && !one.config.browser.enabled);
}

function tellOfLeftOut({ vitest }: TestProject): void {
  const projects = leftOut(vitest.projects);
  if (projects.length === 0) return;
  const { run } = processState();
  for (const project of projects) refuseOutside(project, run?.host.runs ?? []);
  const names = projects.map(({ name, config }) => `"${name === '' ? config.root : name}"`).join(', ');
  process.stderr.write(
    `pg-evict: the configuration at the root of this run has the plugin, but not ${names}: test files there have no database of their own. Add plugins: [pgEvict()] to each, or extends: true, which takes over the root's.\n`,
  );
}
