import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const lockfiles = ['pnpm-lock.yaml', 'package-lock.json', 'yarn.lock', 'bun.lock', 'bun.lockb'];

/**
 * The directory where a search upward ends: the root of the repository (`.git`), outside of one the root of the project
 * (a lockfile, else the nearest package.json), else the start directory itself. Files further up, in a home directory
 * or in /tmp, belong to something or someone else, and a configuration file is code.
 */
export function searchRoot(folder: string): string {
  return (
    nearest(folder, ['.git']) ?? nearest(folder, lockfiles) ?? nearest(folder, ['package.json']) ?? folder
  );
}

/** A folder and all above it, up to and including `root`. */
export function foldersUpward(folder: string, root: string): string[] {
  const folders = [folder];
  for (let current = folder; current !== root && dirname(current) !== current;) {
    current = dirname(current);
    folders.push(current);
  }
  return folders;
}

function nearest(folder: string, names: readonly string[]): string | undefined {
  return foldersUpward(folder, '').find((candidate) =>
    names.some((name) => existsSync(join(candidate, name))),
  );
}
