import { join } from 'node:path';
import { clearConfigCache } from '@pg-evict/config/internal';
import { beginElsewhere, openHost, watchServer } from '@pg-evict/testing/internal';
import { packageDirectory } from './package-directory.cjs';
import { endOwnRuns, endRunsOnExit, endRunsOnSignals } from './run/end-runs.js';
import { ownHost } from './run/own-host.js';
import { type GlobalConfig, groupProjects, type ProjectConfig } from './run/projects.js';
import { refuseOutside } from './run/refuse-outside.js';
import { withoutFrames } from './run/without-frames.js';

/**
 * Jest's global setup: begins the run of tests, sweeps leftovers of runs that died, and makes sure that the template
 * exists. Call it from your own global setup, if you have one:
 *
 * ```js
 * const { default: globalSetup } = require('@pg-evict/jest/global-setup');
 * module.exports = async (globalConfig, projectConfig) => {
 *   await globalSetup(globalConfig, projectConfig);
 * };
 * ```
 *
 * Prints a warning on stderr if the project's `testEnvironment` is one of Jest's own, because its test files then have
 * no database of their own. If a signal would end Jest without its global teardown (Ctrl-C), the run is ended first;
 * not in watch mode.
 *
 * @throws PgEvictError `CONFIG_INVALID`, `PROTECTED`, `CONNECTION_FAILED`, `PERMISSION_DENIED`, …
 */
export default async function globalSetup(
  globalConfig: GlobalConfig,
  projectConfig: ProjectConfig,
): Promise<void> {
  warnOfOtherEnvironment(projectConfig);
  try {
    await begin(globalConfig, projectConfig);
  } catch (error) {
    throw withoutFrames(error);
  }
}

/** The program that begins runs in watch mode. */
const program = join(packageDirectory, 'begin-elsewhere.js');

async function begin(globalConfig: GlobalConfig, projectConfig: ProjectConfig): Promise<void> {
  const isWatching = globalConfig.watch === true || globalConfig.watchAll === true;
  if (isWatching) clearConfigCache();
  else endRunsOnSignals();
  endRunsOnExit();
  const own = ownHost();
  const grouping = groupProjects(globalConfig, projectConfig);
  grouping.catch(() => undefined);
  const host = (own.host ??= await openHost());
  const groups = await grouping;
  for (const { directory, directories } of groups) {
    try {
      const server = isWatching ? await watchServer(directory) : undefined;
      if (server === undefined) await host.begin({ cwd: directory, directories });
      else {
        const run = await beginElsewhere(program, { directory, server });
        host.add(run, { directories, watched: server.url !== undefined });
      }
    } catch (error) {
      if (directory === groups[0]?.directory) {
        await endOwnRuns();
        throw error;
      }
      // Whether tests of the other projects are run at all is not known here; if so, their files report the error.
      host.fail(directories, error);
    }
  }
  host.offerTo(process.env);
  refuseOutside(host);
}

/**
 * Warns on stderr that test files have no database of their own: a `testEnvironment` of the project overrides the
 * preset's. Only Jest's own environments are known; others may be made of ours. Not an error, because files may name
 * ours in a docblock.
 */
export function warnOfOtherEnvironment({ rootDir, testEnvironment = '' }: ProjectConfig): void {
  const [, name] = /[\\/]jest-environment-(node|jsdom)[\\/]/.exec(testEnvironment) ?? [];
  if (name === undefined) return;
  const ours = name === 'jsdom' ? '@pg-evict/jest/jsdom' : '@pg-evict/jest';
  process.stderr.write(
    `The testEnvironment of ${rootDir} is Jest's "${name}", so its test files have no database of their own: their variables lead to none, or, with testing.outside: 'configured', to the configured one. Take it out of Jest's configuration, or make it "${ours}".\n`,
  );
}
