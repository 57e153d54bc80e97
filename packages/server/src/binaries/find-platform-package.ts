import { readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ServerError } from '../contract/server-error.js';
import { packageDirectory } from '../package-directory.cjs';
import { installHint, type PlatformPackage } from './platform-package.js';

/**
 * Finds the folder of an installed platform package: in `node_modules` of `from` and of the folders above it, then of
 * this package's. In each place the plain package counts if its major fits, then the alias.
 *
 * @throws {ServerError} `PACKAGE_MISSING`, with the command that installs it.
 */
export async function findPlatformPackage(wanted: PlatformPackage, from: string): Promise<string> {
  const otherMajors: string[] = [];
  for (const start of [resolve(from), packageDirectory]) {
    for (const folder of withAncestors(start)) {
      for (const name of [wanted.name, wanted.alias]) {
        const directory = join(folder, 'node_modules', name);
        const version = await installedVersion(directory);
        if (version === undefined) continue;
        if (version.split('.', 1)[0] === String(wanted.major)) return realpath(directory);
        otherMajors.push(`${name} ${version}`);
      }
    }
  }
  const found = otherMajors.length > 0 ? ` Found only ${[...new Set(otherMajors)].join(', ')}.` : '';
  throw new ServerError(
    'PACKAGE_MISSING',
    `PostgreSQL ${wanted.major} is not installed: the package ${wanted.name}@${wanted.testedVersion ?? wanted.major} was not found from ${resolve(from)}.${found} ${installHint(wanted, otherMajors.length > 0)}`,
  );
}

function withAncestors(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...withAncestors(parent)];
}

async function installedVersion(directory: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, 'package.json'), 'utf8');
  } catch {
    return undefined;
  }
  try {
    const manifest: unknown = JSON.parse(text);
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
      return String(manifest.version);
    }
  } catch {
    // Falls through: an unreadable manifest is as broken as one without a version.
  }
  throw new ServerError(
    'PACKAGE_BROKEN',
    `${join(directory, 'package.json')} is damaged: it names no version. Install the package again.`,
  );
}
