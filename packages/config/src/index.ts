export type { ConnectionOrigins } from './connection/origins.js';
export type * from './schema/config.js';
export { defineConfig, type ConfigContext, type ConfigFunction, type Environments } from './define-config.js';
export { findKnexfile } from './search/find-knexfile.js';
export {
  loadConfig,
  type LoadConfigOptions,
  type LoadedConfig,
  type ResolvedConfig,
} from './load/load-config.js';
export { loadKnexfile } from './load/load-knexfile.js';
export {
  resolveConnection,
  type ConfiguredConnection,
  type ConnectionSource,
  type ResolveConnectionOptions,
  type ResolvedConnection,
} from './connection/resolve-connection.js';
export { resolveTarget, type ResolvedConfiguration, type ResolveTargetOptions } from './resolve-target.js';
export { initConfig, type InitialConfig } from './init/init-config.js';

// Exports that only pg-evict's own packages use are in `@pg-evict/config/internal` now.
export {
  /** @deprecated Not part of the public API. */
  clearConfigCache,
} from './load/load-config.js';
export {
  /** @deprecated Not part of the public API. */
  loadMigrationFile,
} from './load/load-module.js';
