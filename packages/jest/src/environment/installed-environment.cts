import { createRequire } from 'node:module';
import { PgEvictError } from '@pg-evict/core';
import type { EnvironmentClass } from './jest-types.js';

/**
 * The environment for Node of the Jest that is installed beside this package, its peer. Jest depends on it; it need not
 * be installed separately, and a strict package manager would not let this package find it directly.
 */
export function installedNodeEnvironment(): EnvironmentClass {
  const name = 'jest-environment-node';
  let from = require;
  for (const step of ['jest/package.json', '@jest/core', 'jest-config', null]) {
    try {
      return environmentOf(from(name));
    } catch (error) {
      if (step === null) throw error;
      from = createRequire(from.resolve(step));
    }
  }
  throw new Error(`${name} was not found`);
}

/** The environment for a browser's DOM, which is installed separately. */
export function installedJsdomEnvironment(): EnvironmentClass {
  const name = 'jest-environment-jsdom';
  try {
    require.resolve('jest-environment-jsdom');
  } catch (error) {
    const { version } = require('jest/package.json') as { readonly version: string };
    throw new PgEvictError(
      'CONFIG_INVALID',
      `'@pg-evict/jest/jsdom' needs ${name}, which is not installed.`,
      {
        hint: `npm install --save-dev ${name}@${version.split('.', 1)[0]}`,
        cause: error,
      },
    );
  }
  return environmentOf(require('jest-environment-jsdom'));
}

function environmentOf(module: unknown): EnvironmentClass {
  return (module as { readonly TestEnvironment: EnvironmentClass }).TestEnvironment;
}
