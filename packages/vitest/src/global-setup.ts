import type { TestProject } from 'vitest/node';
import { beginAgainOnRerun } from './run/begin-again.js';
import { beginProject, refuseOutside } from './run/begin-project.js';
import { endOwnRuns, endProject, endRunsOnExit } from './run/end-project.js';
import { leftOut } from './run/left-out.js';
import { processState } from './run/process-state.js';

/**
 * Vitest's global setup: begins the run of tests, sweeps what runs that died have left, and makes sure of the template.
 * The plugin adds it; name it yourself, as `'@pg-evict/vitest/global-setup'`, where you do without the plugin.
 *
 * Says so on stderr where projects of a run are without `'@pg-evict/vitest/setup'`. Where Vitest exits without its
 * teardown (Ctrl-C), the run is ended first.
 *
 * @returns the teardown: ends the run, with every database of it
 * @throws PgEvictError `CONFIG_INVALID`, `PROTECTED`, `CONNECTION_FAILED`, `PERMISSION_DENIED`, …
 */
export default async function globalSetup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const { vitest } = project;
  const isOfRun = vitest.projects.includes(project);
  // What is at the root of several projects is begun by those that take it over.
  if (!isOfRun) tellOfLeftOut(project);
  if (!isOfRun || project.config.browser.enabled) return undefined;
  endRunsOnExit();
  if (vitest.config.watch) beginAgainOnRerun(project);
  try {
    await beginProject(project);
  } catch (error) {
    processState().projects.delete(project);
    await endOwnRuns();
    throw error;
  }
  return async () => endProject(project);
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
