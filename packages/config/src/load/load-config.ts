import { resolve } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import type { Environment } from '../connection/libpq-parameters.js';
import type { ConfigOutput } from '../schema/config-schema.js';
import { workingDirectory } from '../search/files-in.js';
import { assertReadable, findConfig } from '../search/find-config.js';

/** A validated configuration: durations in milliseconds, ports as numbers. */
export type ResolvedConfig = ConfigOutput;

/** Where to look for a configuration. */
export interface LoadConfigOptions {
  /**
   * Where the search begins.
   * @default process.cwd()
   */
  readonly cwd?: string | undefined;
  /** A file instead of a search, relative to `cwd`: the command's `--config`. */
  readonly path?: string | undefined;
  /**
   * The environment: the command's `--env`.
   * @default NODE_ENV, else 'development'
   */
  readonly env?: string | undefined;
  /**
   * Environment variables.
   * @default process.env
   */
  readonly processEnv?: Environment | undefined;
  /**
   * Called with a directory that cannot be searched, which is then skipped. For commands that only read: a
   * configuration there may protect databases, and is not heeded.
   * @default none: `CONFIG_INVALID`
   */
  readonly onUnreadable?: ((folder: string) => void) | undefined;
}

/** A configuration and its origin. */
export interface LoadedConfig {
  /** `{}` where there is none. */
  readonly config: ResolvedConfig;
  /** The file, `null` where there is none. */
  readonly filepath: string | null;
  /** The environment that was asked for. */
  readonly env: string;
  /** The origin of each setting: `/app/pg-evict.config.ts`, or `/app/pg-evict.config.ts, test`. */
  readonly sources: Readonly<Record<string, string>>;
}

const found = new Map<string, Promise<string | undefined>>();
const read = new Map<string, Promise<unknown>>();

/**
 * Finds, reads and checks the configuration. Finding and reading happen once a process; the environment is chosen, and
 * a function called, each time.
 *
 * @throws PgEvictError `CONFIG_INVALID` with file, path and value, never a password
 */
export async function loadConfig(options: LoadConfigOptions = {}): Promise<LoadedConfig> {
  const { cwd = workingDirectory(), onUnreadable, path, processEnv = process.env } = options;
  const env = environmentName(options.env, processEnv);
  // A result with a skipped directory is not cached for callers that do not allow skipping.
  const find = async (folder: string): Promise<string | undefined> =>
    onUnreadable === undefined ? once(found, folder, findConfig) : findConfig(folder, onUnreadable);
  const file = path === undefined ? await find(resolve(cwd)) : resolve(cwd, path);
  if (file === undefined) return { config: {}, filepath: null, env, sources: {} };
  if (path !== undefined) await assertReadable(file);

  // A project without a configuration does not pay for the imports below.
  const [{ readConfig }, { selectEnvironment }, { validateConfig }] = await Promise.all([
    import('./read-config.js'),
    import('./environment.js'),
    import('./validate-config.js'),
  ]);
  const exported = await once(read, file, readConfig);
  const result = selectEnvironment(await call(exported, env, file), env, file);
  const place = result.environment === undefined ? file : `${file}, ${result.environment}`;
  const config = await validateConfig(result.value, place);
  const sources = Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      value === undefined || key === '$schema' ? [] : [[key, place]],
    ),
  );
  return { config, filepath: file, env, sources };
}

/** Forgets the files that were found and read. A script that Node has loaded stays loaded. */
export function clearConfigCache(): void {
  found.clear();
  read.clear();
}

/** As knex has it. */
function environmentName(env: string | undefined, processEnv: Environment): string {
  return env || processEnv['NODE_ENV'] || 'development';
}

async function call(exported: unknown, env: string, file: string): Promise<unknown> {
  if (typeof exported !== 'function') return exported;
  try {
    return await (exported as (context: { env: string }) => unknown)({ env });
  } catch (error) {
    throw new PgEvictError('CONFIG_INVALID', `The function that ${file} exports failed.`, {
      hint: 'Its error is not shown, because it may contain a password: log it there.',
      cause: error,
    });
  }
}

async function once<T>(
  cache: Map<string, Promise<T>>,
  key: string,
  make: (key: string) => Promise<T>,
): Promise<T> {
  const cached = cache.get(key);
  if (cached !== undefined) return cached;
  const made = make(key);
  cache.set(key, made);
  // A failure is not cached: the file may have been corrected.
  made.catch(() => cache.delete(key));
  return made;
}
