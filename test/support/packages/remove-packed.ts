import { rm } from 'node:fs/promises';

/** Removes what was packed. */
export default async function removePacked(): Promise<void> {
  const folder = process.env['PG_EVICT_TEST_TARBALLS'];
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
