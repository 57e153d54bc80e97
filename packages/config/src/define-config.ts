import type { Config } from './config.js';

/** What a configuration function gets. */
export interface ConfigContext {
  /** `--env`, else `NODE_ENV`, else `development`. */
  readonly env: string;
}

/** A configuration, or one for each environment by its name. */
export type ConfigOrEnvironments = Config | { readonly [environment: string]: Config };

/** What a configuration file may export. */
export type ConfigExport =
  | ConfigOrEnvironments
  | ((context: ConfigContext) => ConfigOrEnvironments | Promise<ConfigOrEnvironments>);

/**
 * Gives a configuration file its types; returns what it gets.
 *
 * @example
 * ```ts
 * export default defineConfig({ connection: process.env.DATABASE_URL, protect: ['prod*'] });
 * ```
 */
export function defineConfig<const T extends ConfigExport>(config: T): T {
  return config;
}
