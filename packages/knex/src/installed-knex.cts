import type importedKnex from 'knex';

/**
 * The knex that is installed beside this package, its peer. Loaded on demand, because functions that get an instance do
 * not need it. A CommonJS module in both builds, because only that can load one synchronously.
 */
export function installedKnex(): typeof importedKnex {
  return require('knex') as typeof importedKnex;
}
