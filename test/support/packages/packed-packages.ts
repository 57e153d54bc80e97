import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackedPackage } from './pack-workspace.js';

/** The packages as they would be published, packed before the first test. */
export async function packedPackages(): Promise<PackedPackage[]> {
  const folder = process.env['PG_EVICT_TEST_TARBALLS'];
  if (folder === undefined) throw new Error('Nothing is packed: this runs in the project "packages" only.');
  return JSON.parse(await readFile(join(folder, 'packed.json'), 'utf8')) as PackedPackage[];
}
