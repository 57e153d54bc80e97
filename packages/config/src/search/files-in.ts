import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';

/**
 * The files, of those given, that a directory has. One listing; in a directory that may be entered but not listed, each
 * file is looked up. A directory that does not exist has none.
 *
 * @param what for messages: `configuration`
 * @throws PgEvictError `CONFIG_INVALID` if it cannot be determined: a file that may protect databases is not skipped
 */
export async function filesIn(folder: string, names: readonly string[], what: string): Promise<string[]> {
  try {
    const entries = new Set(await readdir(folder));
    return names.filter((name) => entries.has(name));
  } catch (error) {
    if (!isDenial(error)) return [];
  }
  const found: string[] = [];
  for (const name of names) {
    try {
      await access(join(folder, name));
      found.push(name);
    } catch (error) {
      if (!isDenial(error)) continue;
      throw new PgEvictError(
        'CONFIG_INVALID',
        `${folder} cannot be read (${error.code}), and may have a ${what}.`,
        { hint: 'Run this in a folder that this user may read, or let it read that one.', cause: error },
      );
    }
  }
  return found;
}

const isDenial = (error: unknown): error is NodeJS.ErrnoException & { readonly code: string } =>
  ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');

/**
 * @throws PgEvictError `CONFIG_INVALID` if the directory was removed, as a deployment does with the previous release
 */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new PgEvictError('CONFIG_INVALID', 'The working directory does not exist any more.', {
      hint: 'Change to another one: cd.',
      cause,
    });
  }
}
