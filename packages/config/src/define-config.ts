import type { Config } from './schema/config.js';

/** The argument of a configuration function. */
export interface ConfigContext {
  /** `--env`, else `NODE_ENV`, else `development`. */
  readonly env: string;
}

/** A configuration for each environment, by its name. */
export type Environments = Readonly<Record<string, Config>>;

/** A configuration that depends on the environment, or is loaded asynchronously. */
export type ConfigFunction = (
  context: ConfigContext,
) => Config | Environments | Promise<Config | Environments>;

/**
 * Gives a configuration file its types; returns its argument.
 *
 * @example
 * ```ts
 * export default defineConfig({ connection: process.env.DATABASE_URL, protect: ['prod*'] });
 * ```
 */
export function defineConfig(config: Config): Config;
export function defineConfig(config: ConfigFunction): ConfigFunction;
export function defineConfig(config: Environments): Environments;
export function defineConfig(
  config: Config | ConfigFunction | Environments,
): Config | ConfigFunction | Environments {
  return config;
}
