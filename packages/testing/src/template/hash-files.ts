import { createHash } from 'node:crypto';
import { readFile } from '../captured/files.js';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import { glob } from 'tinyglobby';

/** The prefix of a variable among inputs. */
const ofVariable = /^env:(.*)$/s;

/**
 * A hash of names and contents of the files that patterns match, and of the variables that `env:NAME` names; an unset
 * variable differs from an empty one. A folder stands for all files in it.
 *
 * @param setting the name of the setting that holds them, for errors
 * @throws {@link PgEvictError} `CONFIG_INVALID` if a pattern matches no file: a template that depends on nothing would
 * never be built again
 */
export async function hashFiles(
  patterns: readonly string[],
  folder: string,
  setting: string,
): Promise<string> {
  const hash = createHash('sha256');
  for (const pattern of patterns) {
    const variable = ofVariable.exec(pattern)?.[1];
    if (variable !== undefined) {
      addVariable(hash, variable, setting);
      continue;
    }
    const files = await glob(pattern, { cwd: folder, dot: true, ignore: ['**/node_modules/**'] });
    if (files.length === 0) {
      throw new PgEvictError('CONFIG_INVALID', `"${pattern}" names no file in ${folder}.`, {
        hint: `Correct it in ${setting}.`,
      });
    }
    await addFiles(hash, folder, files);
  }
  return hash.digest('hex');
}

function addVariable(hash: ReturnType<typeof createHash>, name: string, setting: string): void {
  if (!/^[^=\0\s]+$/.test(name)) {
    throw new PgEvictError('CONFIG_INVALID', `"env:${name}" names no variable.`, {
      hint: `Correct it in ${setting}, such as 'env:SCHEMA'.`,
    });
  }
  hash.update(JSON.stringify([name, process.env[name] ?? null]));
}

/** A hash of names and contents of all files in a folder; one that does not exist is empty. */
export async function hashFolder(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const files = await glob('**', { cwd: folder, dot: true, ignore: ['**/node_modules/**'] });
  await addFiles(hash, folder, files);
  return hash.digest('hex');
}

/** One hash of several texts. */
export function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function addFiles(
  hash: ReturnType<typeof createHash>,
  folder: string,
  files: readonly string[],
): Promise<void> {
  for (const file of files.toSorted()) {
    const content = await readFile(join(folder, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
}
