import { dirname, resolve } from 'node:path';
import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import type { ConfiguredConnection } from '../connection/resolve-connection.js';
import { workingDirectory } from '../search/files-in.js';
import { findKnexfile } from '../search/find-knexfile.js';
import type { LoadedConfig, ResolvedConfig } from './load-config.js';

/** The settings of a template that concern a knexfile. */
export type TemplateOfKnex = Pick<
  NonNullable<NonNullable<ResolvedConfig['testing']>['template']>,
  'env' | 'knex'
>;

/** The options that choose a knexfile, and an environment in it. */
export interface KnexfileOptions {
  readonly cwd?: string | undefined;
  readonly knexfile?: string | true | undefined;
  /** For a run of tests: its template, or `true` for that of the configuration. */
  readonly forTests?: true | TemplateOfKnex | undefined;
}

/** The knexfile that is named on the command line or in the configuration, else the one that was found. */
export async function chooseKnexfile(
  { cwd = workingDirectory(), knexfile }: KnexfileOptions,
  { config, filepath }: LoadedConfig,
): Promise<string | undefined> {
  if (typeof knexfile === 'string') return resolve(cwd, knexfile);
  if (config.knexfile !== undefined) {
    return resolve(filepath === null ? cwd : dirname(filepath), config.knexfile);
  }
  return knexfile === true ? findKnexfile(resolve(cwd)) : undefined;
}

/** The environment of the knexfile whose connection is used. */
function environmentOf(
  { cwd = workingDirectory(), forTests }: KnexfileOptions,
  { config, env, filepath }: LoadedConfig,
  file: string,
): string {
  const template = forTests === true ? config.testing?.template : forTests;
  const folder = filepath === null ? cwd : dirname(filepath);
  const isSame =
    template?.knex === true ||
    (typeof template?.knex === 'string' && resolve(folder, template.knex) === file);
  return isSame ? (template.env ?? env) : env;
}

/** The connection of the configuration, else of the knexfile. */
export async function configuredConnection(
  options: KnexfileOptions,
  loaded: LoadedConfig,
  knexfile: string | undefined,
): Promise<ConfiguredConnection | undefined> {
  const { knexfile: named } = options;
  const { config, filepath, sources } = loaded;
  const given = typeof named === 'string' ? undefined : config.connection;
  if (given !== undefined && given !== '') {
    const description = sources['connection'] ?? 'the configuration';
    const value = typeof given === 'function' ? await called(given, description) : given;
    if (value !== '') return { connection: value, source: { kind: 'config', description } };
  }
  if (knexfile === undefined) return undefined;
  const env = environmentOf(options, loaded, knexfile);
  const { connectionOfKnexfile } = await import('./load-knexfile.js');
  const connection = await connectionOfKnexfile(knexfile, env);
  const description = `${knexfile}, ${env}`;
  if (connection !== undefined) return { connection, source: { kind: 'knexfile', description } };
  throw new PgEvictError('CONFIG_INVALID', `${description}: there is no connection.`, {
    hint: `Give one there${filepath === null ? '' : `, or in ${filepath}`}; if it reads a variable, such as DATABASE_URL, set that; or choose another environment with --env or NODE_ENV.`,
  });
}

async function called(connection: () => unknown, file: string): Promise<string | ConnectionSettings> {
  let value: unknown;
  try {
    value = await connection();
  } catch (error) {
    throw new PgEvictError('CONFIG_INVALID', `${file}: the function "connection" failed.`, {
      hint: 'Its error is not shown, because it may contain a password: log it there.',
      cause: error,
    });
  }
  const { validateConnection } = await import('./validate-config.js');
  return validateConnection(value, file);
}
