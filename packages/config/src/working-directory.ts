import { PgEvictError } from '@pg-evict/core';

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
