import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { packageDirectory } from '../package-directory.cjs';

/** The setup file of this package: an ES module, also of the CommonJS build. */
export const setupFile: string = join(packageDirectory, '../esm/setup.js');
/** Its global setup. */
export const globalSetupFile: string = join(packageDirectory, '../esm/global-setup.js');

/** The projects whose test files get no database of ours, although they run in Node. */
export function leftOut(projects: readonly TestProject[]): TestProject[] {
  return projects.filter((project) => !project.config.browser.enabled && !hasOurSetup(project));
}

/** Whether the test files of a project get a database of ours. */
export function hasOurSetup({ config: { setupFiles } }: TestProject): boolean {
  return [setupFiles].flat().some(isOurSetup);
}

/** Whether a file is {@link setupFile}, however it is reached. */
export function isOurSetup(file: string): boolean {
  return real(file) === real(setupFile);
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
