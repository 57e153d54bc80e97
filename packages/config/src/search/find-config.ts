import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import { filesIn } from './files-in.js';
import { foldersUpward, searchRoot } from './search-root.js';

/**
 * The nearest configuration from `cwd` upward. One directory listing per folder: a project without configuration pays
 * for nothing else. cosmiconfig would skip a file that cannot be read, and the second of two; here, a configuration
 * that may protect databases is never skipped.
 *
 * @param onUnreadable called with a folder that cannot be searched, which is then skipped
 * @throws PgEvictError `CONFIG_INVALID` if one cannot be read, and if two are side by side
 */
export async function findConfig(
  cwd: string,
  onUnreadable?: (folder: string) => void,
): Promise<string | undefined> {
  for (const folder of foldersUpward(cwd, searchRoot(cwd))) {
    const found: string[] = [];
    const entries = await filesIn(folder, configNames, 'configuration').catch((error: unknown) => {
      if (onUnreadable === undefined) throw error;
      onUnreadable(folder);
      return [];
    });
    for (const entry of entries) {
      if (entry !== 'package.json' || (await hasKey(join(folder, entry)))) found.push(entry);
    }
    const [first, second] = found;
    if (first === undefined) continue;
    if (second !== undefined) {
      throw new PgEvictError(
        'CONFIG_INVALID',
        `There are several configurations in ${folder}: ${found.join(', ')}.`,
        {
          hint: 'Keep one of them, or name one with --config.',
        },
      );
    }
    const file = join(folder, first);
    await assertReadable(file);
    return file;
  }
  return undefined;
}

/** @throws PgEvictError `CONFIG_INVALID` */
export async function assertReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const problem = isMissing ? 'does not exist' : `cannot be read (${code ?? 'unknown'})`;
    throw new PgEvictError('CONFIG_INVALID', `${file} ${problem}.`, {
      hint: isMissing ? 'Check the path.' : 'Let this user read it.',
      cause: error,
    });
  }
}

/** Not by its text alone: a project that uses pg-evict has it among its dependencies. */
async function hasKey(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(async (error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') await assertReadable(file);
    return '';
  });
  if (!text.includes(`"${packageKey}"`)) return false;
  try {
    return packageKey in (JSON.parse(text) as object);
  } catch {
    // Reported when it is loaded.
    return true;
  }
}

const scripts = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'];
const data = ['json', 'yaml', 'yml'];

/** The names of a configuration in each folder; the first one counts. */
export const configNames: readonly string[] = [
  'package.json',
  ...[...scripts, ...data].map((extension) => `pg-evict.config.${extension}`),
  '.pg-evictrc',
  ...[...data, ...scripts].map((extension) => `.pg-evictrc.${extension}`),
];

/** The key in package.json. */
export const packageKey = 'pg-evict';
