import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import type { migrateSuccessor } from '@pg-evict/knex/internal';

/** An instance of the project's knex. */
export type ProjectKnex = Parameters<typeof migrateSuccessor>[0];

type KnexFactory = (config: object) => ProjectKnex;

type KnexConfig = Readonly<Record<string, unknown>>;

/**
 * An instance of the knex that knex's own command would use, the one of the knexfile's folder. Opens no connection.
 *
 * @param config the knexfile's, for an environment
 * @param connection leads to the server; other connection settings of the knexfile (`statement_timeout`, `types`, …)
 * stay
 * @throws PgEvictError `CONFIG_INVALID`
 */
export function openProjectKnex(knexfile: string, config: KnexConfig, connection: object): ProjectKnex {
  const { connectionPool: _pool, connection: given, ...rest } = projectKnexConfig(knexfile, config);
  const { factory } = projectKnex(knexfile);
  try {
    return factory({ ...rest, connection: { ...parametersOf(given), ...connection } });
  } catch (error) {
    const [first = '', ...others] = error instanceof Error ? error.message.split('\n') : [String(error)];
    throw new PgEvictError(
      'CONFIG_INVALID',
      `knex does not work with ${knexfile}: ${[first, ...others].join(' ')}`,
      { cause: error },
    );
  }
}

/** A section of a knexfile, its folders as a list of paths of their own. */
export interface KnexSection extends KnexConfig {
  readonly directory: readonly string[];
}

/** The configuration with the folders of migrations and seeds as paths of their own: knex takes them from the working directory. */
export function projectKnexConfig(
  knexfile: string,
  config: KnexConfig,
): KnexConfig & { readonly migrations: KnexSection; readonly seeds: KnexSection } {
  const folder = dirname(knexfile);
  return {
    ...config,
    migrations: inFolder(config['migrations'], folder, 'migrations'),
    seeds: inFolder(config['seeds'], folder, 'seeds'),
  };
}

function inFolder(section: unknown, folder: string, byDefault: string): KnexSection {
  const given = typeof section === 'object' && section !== null ? (section as Record<string, unknown>) : {};
  const { directory = `./${byDefault}` } = given;
  const directories = (Array.isArray(directory) ? directory : [directory]) as unknown[];
  return { ...given, directory: directories.map((path) => resolve(folder, String(path))) };
}

/**
 * The project's knex: its version, and the module on request.
 *
 * @throws PgEvictError `CONFIG_INVALID` if there is none, or one that is too old or too new
 */
export function projectKnex(knexfile: string): { readonly version: string; readonly factory: KnexFactory } {
  const require = createRequire(knexfile);
  let file: string;
  try {
    file = require.resolve('knex');
  } catch (cause) {
    throw new PgEvictError('CONFIG_INVALID', `There is no knex where ${knexfile} is.`, {
      hint: 'Install it there: npm install knex pg.',
      cause,
    });
  }
  const manifest = readFileSync(join(dirname(file), 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  if (!/^[123]\./.test(version)) {
    throw new PgEvictError('CONFIG_INVALID', `The knex of ${knexfile} is ${version}.`, {
      hint: 'This works with knex 1, 2 and 3.',
    });
  }
  return {
    version,
    get factory() {
      const exported = require(file) as KnexFactory | { readonly default: KnexFactory };
      return typeof exported === 'function' ? exported : exported.default;
    },
  };
}

/** The connection settings of a knexfile that do not say where the server is: `statement_timeout`, `types`, … */
function parametersOf(connection: unknown): object {
  if (typeof connection !== 'object' || connection === null) return {};
  const { connectionString: _, ...parameters } = connection as { connectionString?: unknown };
  // The connection is already decided: settings of another one must not fill its gaps.
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !decided.has(name)));
}

const decided = new Set(['host', 'port', 'user', 'password', 'database', 'ssl', 'options']);
