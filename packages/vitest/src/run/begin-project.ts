import { join } from 'node:path';
import { startRun, type TestRun } from '@pg-evict/testing';
import { beginElsewhere, openHost, variablesOutside, watchServer } from '@pg-evict/testing/internal';
import type { TestProject } from 'vitest/node';
import { type ProvidedRun, runKey } from '../contract/provided.js';
import { packageDirectory } from '../package-directory.cjs';
import { configurationOf } from './configuration-of.js';
import { type HostedProjects, processState } from './process-state.js';
import { sharesModules } from './shares-modules.js';

/** The program that begins runs in watch mode. */
const program = join(packageDirectory, 'begin-elsewhere.js');

/**
 * Begins the run of a project, unless one was begun for another project with the same configuration, and passes it to
 * the project's test files. Code of the project that runs outside of our test files gets the address of a database that
 * does not exist.
 *
 * @param signal ends the filling of a template
 * @throws PgEvictError the errors of `startRun`
 */
export async function beginProject(project: TestProject, signal: AbortSignal): Promise<void> {
  const state = processState();
  state.projects.add(project);
  state.run ??= { host: await openHost(), directories: new Map() };
  const directory = await directoryOf(project, state.run, signal);
  const { host } = state.run;
  const provided: ProvidedRun = { address: host.address, directory, shared: sharesModules(project) };
  project.provide(runKey, provided as never);
  refuseOutside(project, host.runs);
}

/** Makes the variables of a project's workers lead to no database, until ours are set. */
export function refuseOutside({ config }: TestProject, [run]: readonly TestRun[]): void {
  const variables = run === undefined ? undefined : variablesOutside(run);
  const given = Object.entries(variables ?? {}).filter(([, value]) => value !== undefined);
  // The project need not have any.
  config.env = { ...config.env, ...Object.fromEntries(given) };
}

async function directoryOf(
  project: TestProject,
  { host, directories }: HostedProjects,
  signal: AbortSignal,
): Promise<string> {
  const { configuration, directory } = await configurationOf(project);
  const begun = directories.get(configuration);
  if (begun !== undefined) return begun;
  const { watch } = project.vitest.config;
  const server = watch ? await watchServer(directory) : {};
  const run = await (watch
    ? beginElsewhere(program, { directory, server }, signal)
    : startRun({ cwd: directory, signal }));
  host.add(run, { directories: [directory], watched: server.url !== undefined });
  directories.set(configuration, directory);
  return directory;
}
