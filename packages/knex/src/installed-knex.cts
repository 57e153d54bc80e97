import type importedKnex from 'knex';

/**
 * The knex that is installed beside this package, its peer. Loaded when it is needed, as functions that are given an
 * instance do without. A CommonJS module in both builds, because it can load one without waiting.
 */
export function installedKnex(): typeof importedKnex {
  return require('knex') as typeof importedKnex;
}
