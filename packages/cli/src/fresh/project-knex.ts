import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { migrateFresh } from '@pg-evict/knex';
import type { CommandContext } from '../context/command-context.js';
import { loadKnexfile, PgEvictError } from '../context/engine.js';
import { printableLines } from '../terminal/printable.js';

/** An instance of the project's knex. */
export type ProjectKnex = Parameters<typeof migrateFresh>[0];

type KnexFactory = (config: object) => ProjectKnex;

/**
 * An instance of the knex that knex's own command would take, the one of the knexfile's folder, with the knexfile's
 * configuration, on the command's connection. As with knex's command, that folder is the working directory from now on:
 * relative paths of migrations and seeds begin there.
 *
 * @throws PgEvictError `CONFIG_INVALID`
 */
export async function openProjectKnex({
  configuration: { knexfile, env },
  connection: { settings },
  target: { database },
}: CommandContext): Promise<ProjectKnex> {
  if (knexfile === null) {
    throw new PgEvictError('CONFIG_INVALID', `There is no knexfile in ${process.cwd()}, nor above it.`, {
      hint: 'Name it: --knexfile, or knexfile in the configuration.',
    });
  }
  const { connectionPool: _, connection, log, ...config } = await loadKnexfile(knexfile, env);
  process.chdir(dirname(knexfile));
  const createKnex = projectKnex(knexfile);
  try {
    return createKnex({
      ...config,
      connection: { ...parametersOf(connection), ...settings, database },
      log: { ...quietLog, ...(log as object | undefined) },
    });
  } catch (error) {
    const [first = '', ...rest] = error instanceof Error ? error.message.split('\n') : [String(error)];
    throw new PgEvictError(
      'CONFIG_INVALID',
      `knex does not work with ${knexfile}: ${[first, ...rest].join(' ')}`,
      { cause: error },
    );
  }
}

function projectKnex(knexfile: string): KnexFactory {
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
  return require(file) as KnexFactory;
}

/** What a knexfile's connection says beside where the server is: `statement_timeout`, `types`, … */
function parametersOf(connection: unknown): object {
  if (typeof connection !== 'object' || connection === null) return {};
  const { connectionString: _, ...parameters } = connection as { connectionString?: unknown };
  // As the connection was decided on: nothing of another one may fill what it leaves open.
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !decided.has(name)));
}

const decided = new Set(['host', 'port', 'user', 'password', 'database', 'ssl', 'options']);

/** knex logs to stdout, and what the command says of a failing migration anyway. */
const quietLog = {
  debug: toStderr,
  warn: (message: unknown): void => {
    if (!/^migration (?:file ".*" )?failed/.test(String(message))) toStderr(message);
  },
  error: toStderr,
  deprecate: toStderr,
};

function toStderr(message: unknown): void {
  process.stderr.write(`knex: ${printableLines(String(message))}\n`);
}
