import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { foldersUpward, searchRoot } from './search-root.js';

/** In knex's order; the last three are not knex's own. */
const names = ['js', 'mjs', 'ts', 'cjs', 'mts', 'cts'].map((extension) => `knexfile.${extension}`);

/** The nearest knexfile from a folder upward, as far as a configuration is searched for. */
export async function findKnexfile(cwd: string): Promise<string | undefined> {
  for (const folder of foldersUpward(cwd, searchRoot(cwd))) {
    const entries = await readdir(folder).catch((): string[] => []);
    const name = names.find((candidate) => entries.includes(candidate));
    if (name !== undefined) return join(folder, name);
  }
  return undefined;
}
