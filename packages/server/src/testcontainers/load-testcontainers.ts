import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { ServerError } from '../contract/server-error.js';
import { packageDirectory } from '../package-directory.cjs';
import { reasonOf } from './reason-of.js';

/** The exports of testcontainers. */
export type Testcontainers = typeof import('testcontainers');

const supportedMajors = ['11', '12'];

/**
 * Loads testcontainers as it is installed for `from`, or else for this package.
 *
 * @throws {ServerError} `PACKAGE_MISSING` or `PACKAGE_BROKEN`, with the command that installs it.
 */
export function loadTestcontainers(from: string): Testcontainers {
  const others: string[] = [];
  for (const folder of [resolve(from), packageDirectory]) {
    // Asked like a module of that folder; the file need not exist.
    const require = createRequire(join(folder, 'module.cjs'));
    const version = installedVersion(require);
    if (version === undefined) continue;
    if (supportedMajors.includes(version.split('.', 1)[0] ?? '')) return load(require, version);
    others.push(version);
  }
  const found = others.length > 0 ? ` Found only ${[...new Set(others)].join(', ')}.` : '';
  throw new ServerError(
    'PACKAGE_MISSING',
    `testcontainers, ${supportedMajors.join(' or ')}, was not found from ${resolve(from)}.${found} Install it with: ${installCommand()}`,
  );
}

function load(require: NodeJS.Require, version: string): Testcontainers {
  try {
    return require('testcontainers') as Testcontainers;
  } catch (error) {
    throw new ServerError(
      'PACKAGE_BROKEN',
      `testcontainers ${version} cannot be loaded on Node ${process.versions.node}: ${reasonOf(error)}. Install one that can with: ${installCommand()}`,
      { cause: error },
    );
  }
}

function installedVersion(require: NodeJS.Require): string | undefined {
  let manifest: string;
  try {
    manifest = require.resolve('testcontainers/package.json');
  } catch {
    return undefined;
  }
  return String((require(manifest) as { version?: unknown }).version);
}

/** From 12.0.4 on it needs Node 22.22. */
function installCommand(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const runs12 = major > 22 || (major === 22 && minor >= 22);
  return `npm install --save-dev testcontainers@${runs12 ? 12 : 11}`;
}
