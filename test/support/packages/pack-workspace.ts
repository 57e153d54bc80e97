import { resolve } from 'node:path';
import { run } from './run.js';

export const workspaceRoot = resolve(__dirname, '../../..');

/** A package as it would be published. */
export interface PackedPackage {
  readonly name: string;
  readonly tarball: string;
  readonly files: readonly string[];
}

/** Packs every published package of the workspace, or of a clone of it, into a folder. They must have been built. */
export async function packPackages(root: string, folder: string): Promise<PackedPackage[]> {
  const pnpm = resolve(workspaceRoot, 'node_modules/.bin/pnpm');
  const args = ['--recursive', '--filter', './packages/*', 'pack', '--json', '--pack-destination', folder];
  const packed = JSON.parse(await run(root, pnpm, args)) as {
    name: string;
    filename: string;
    files: { path: string }[];
  }[];
  return packed.map(({ name, filename, files }) => ({
    name,
    tarball: resolve(folder, filename),
    files: files.map(({ path }) => path),
  }));
}
