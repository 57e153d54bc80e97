import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import importedKnex from 'knex';

type KnexFactory = typeof importedKnex;

/**
 * The knex that will be given the configuration. That is the one installed beside this package (its peer), except in
 * the process of knex's command: it runs the knex it finds from the folder of the knexfile, where it then works.
 */
export function ownKnex(): KnexFactory {
  if (!isKnexCommand()) return importedKnex;
  try {
    return createRequire(join(process.cwd(), 'knexfile.js'))('knex') as KnexFactory;
  } catch {
    return importedKnex;
  }
}

function isKnexCommand(): boolean {
  const [, script] = process.argv;
  if (script === undefined) return false;
  try {
    return /[\\/]knex[\\/]bin[\\/]cli\.js$/.test(realpathSync(script));
  } catch {
    return false;
  }
}
