import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import type { Knex } from 'knex';
import { installedKnex } from './installed-knex.cjs';

type KnexFactory = (config: Knex.Config) => Knex;

/**
 * The knex that will get the configuration. That is the one installed beside this package (its peer), except in the
 * process of knex's command: the command runs the knex that it finds from the folder of the knexfile.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if none is installed
 */
export function ownKnex(): KnexFactory {
  if (!isKnexCommand()) return peer();
  try {
    return createRequire(join(process.cwd(), 'knexfile.js'))('knex') as KnexFactory;
  } catch {
    return peer();
  }
}

function peer(): KnexFactory {
  try {
    return installedKnex();
  } catch (cause) {
    throw new PgEvictError('CONFIG_INVALID', 'There is no knex beside @pg-evict/knex.', {
      hint: 'Install it in the same project: npm install knex.',
      cause,
    });
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
