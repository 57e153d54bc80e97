import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';

/**
 * Which of these files a folder has. One listing; a folder that may be entered but not listed is asked for each. There
 * are none in a folder that does not exist.
 *
 * @param what for messages: `configuration`
 * @throws PgEvictError `CONFIG_INVALID` where it cannot be known: what protects databases is not passed over
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

/** @throws PgEvictError `CONFIG_INVALID` where somebody has removed it, as a deployment does with the release before */
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
