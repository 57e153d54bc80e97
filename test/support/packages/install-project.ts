import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { run } from './run.js';

/** A project of its own, outside the workspace. */
export interface Project {
  readonly folder: string;
  /** Runs a program in it. Resolves to its output, rejects with it when the program fails. */
  readonly run: (command: string, ...args: string[]) => Promise<string>;
}

/** Copies a project of ../projects to a place outside the workspace and installs packages there. */
export async function installProject(
  name: string,
  into: string,
  packages: readonly string[],
): Promise<Project> {
  const folder = join(into, name);
  await cp(resolve(__dirname, '../../packages/projects', name), folder, { recursive: true });
  await run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', ...packages]);
  return { folder, run: async (command, ...args) => run(folder, command, args) };
}
