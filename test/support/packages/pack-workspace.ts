import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

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
  const { stdout } = await promisify(execFile)(pnpm, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  const packed = JSON.parse(stdout) as { name: string; filename: string; files: { path: string }[] }[];
  return packed.map(({ name, filename, files }) => ({
    name,
    tarball: resolve(folder, filename),
    files: files.map(({ path }) => path),
  }));
}

/** Packs the workspace before all tests. Jest maps no names of modules here, so this file imports none of ours. */
export default async function packWorkspace(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pg-evict-tarballs-'));
  process.env['PG_EVICT_TEST_TARBALLS'] = folder;
  await writeFile(join(folder, 'packed.json'), JSON.stringify(await packPackages(workspaceRoot, folder)));
}
