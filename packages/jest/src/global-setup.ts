import { clearConfigCache } from '@pg-evict/config';
import { startRun } from '@pg-evict/testing';
import { beginAfresh } from './begin-afresh.js';
import { endRunsOnSignals } from './end-runs-on-signals.js';
import { ownRuns } from './own-runs.js';
import { groupProjects, type GlobalConfig, type ProjectConfig } from './projects.js';
import { writeRuns, type Runs } from './runs-variable.js';
import { warnOfOtherEnvironment } from './warn-of-other-environment.js';
import { watchServer } from './watch-server.js';

/**
 * Jest's global setup: begins the run of tests, sweeps what runs that died have left, and makes sure of the template.
 * Call it from a global setup of your own, where you have one:
 *
 * ```js
 * const { default: globalSetup } = require('@pg-evict/jest/global-setup');
 * module.exports = async (globalConfig, projectConfig) => {
 *   await globalSetup(globalConfig, projectConfig);
 * };
 * ```
 *
 * Says so on stderr where the project's `testEnvironment` is one of Jest's own, so that its test files work on the
 * configured database. Where a signal would end Jest without its global teardown (Ctrl-C), the run is ended first; not
 * in watch mode.
 *
 * @throws PgEvictError `CONFIG_INVALID`, `PROTECTED`, `CONNECTION_FAILED`, `PERMISSION_DENIED`, …
 */
export default async function globalSetup(
  globalConfig: GlobalConfig,
  projectConfig: ProjectConfig,
): Promise<void> {
  warnOfOtherEnvironment(projectConfig);
  const isWatching = globalConfig.watch === true || globalConfig.watchAll === true;
  if (isWatching) clearConfigCache();
  else endRunsOnSignals();
  const runs: Record<string, Runs[string]> = {};
  const [first, ...others] = await groupProjects(globalConfig, projectConfig);
  for (const group of first === undefined ? [] : [first, ...others]) {
    try {
      const { directory } = group;
      const server = isWatching ? await watchServer(directory) : undefined;
      const run =
        server === undefined ? await startRun({ cwd: directory }) : await beginAfresh({ directory, server });
      ownRuns().set(run.id, run);
      const invitation = { ...run.toJSON(), watched: server?.url !== undefined };
      for (const each of group.directories) runs[each] = invitation;
    } catch (error) {
      // Whether tests of the others are run at all is not known here; theirs is the error then.
      if (group === first) throw error;
    }
  }
  writeRuns(runs);
}
