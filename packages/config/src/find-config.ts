import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configNames, packageKey } from './config-names.js';
import { foldersUpward, searchRoot } from './search-root.js';

/**
 * Whether some folder from `cwd` upward has something that looks like a configuration. One directory listing a folder,
 * so that a project without configuration does not pay for cosmiconfig.
 */
export async function mayHaveConfig(cwd: string): Promise<boolean> {
  const names = new Set(configNames);
  for (const folder of foldersUpward(cwd, searchRoot(cwd))) {
    const entries = await readdir(folder).catch(() => []);
    for (const entry of entries) {
      if (entry === 'package.json' ? await hasKey(join(folder, entry)) : names.has(entry)) return true;
    }
  }
  return false;
}

async function hasKey(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.includes(`"${packageKey}"`);
}
