import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackages, workspaceRoot } from './pack-workspace.js';

/** Packs the packages before all tests that install them. */
export default async function packOnce(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pg-evict-tarballs-'));
  process.env['PG_EVICT_TEST_TARBALLS'] = folder;
  await writeFile(join(folder, 'packed.json'), JSON.stringify(await packPackages(workspaceRoot, folder)));
}
