import { PgEvictError } from '@pg-evict/core';
import type { PgEvictKnexOptions } from './options.js';

const known: Readonly<Record<keyof PgEvictKnexOptions, true>> = {
  evict: true,
  ensureDatabase: true,
  followsTests: true,
  timeoutMs: true,
  graceMs: true,
  keep: true,
  protect: true,
  maintenanceDatabase: true,
  adminConnection: true,
};

/**
 * Refuses options that there are not: a knexfile in JavaScript has no compiler that would notice, and a `protect`
 * that is misspelt protects nothing.
 *
 * @throws PgEvictError `CONFIG_INVALID`
 */
export function assertOptions(options: PgEvictKnexOptions): void {
  const strange = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (strange === undefined) return;
  throw new PgEvictError('CONFIG_INVALID', `withPgEvict has no option "${strange}".`, {
    hint: `It has ${Object.keys(known).join(', ')}.`,
  });
}
