import { join } from 'node:path';
import { filesIn } from './files-in.js';
import { foldersUpward, searchRoot } from './search-root.js';

/** In knex's order; the last three are not knex's own. */
const names = ['js', 'mjs', 'ts', 'cjs', 'mts', 'cts'].map((extension) => `knexfile.${extension}`);

/** The nearest knexfile from a folder upward, as far as a configuration is searched for. */
export async function findKnexfile(cwd: string): Promise<string | undefined> {
  for (const folder of foldersUpward(cwd, searchRoot(cwd))) {
    const [name] = await filesIn(folder, names, 'knexfile');
    if (name !== undefined) return join(folder, name);
  }
  return undefined;
}
