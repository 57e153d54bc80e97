export type { ConnectionOrigins } from './connection-origins.js';
export type * from './config.js';
export { defineConfig, type ConfigContext, type ConfigFunction, type Environments } from './define-config.js';
export { findKnexfile } from './find-knexfile.js';
export {
  clearConfigCache,
  loadConfig,
  type LoadConfigOptions,
  type LoadedConfig,
  type ResolvedConfig,
} from './load-config.js';
export { loadKnexfile } from './load-knexfile.js';
export { loadMigrationFile } from './load-module.js';
export {
  resolveConnection,
  type ConfiguredConnection,
  type ConnectionSource,
  type ResolveConnectionOptions,
  type ResolvedConnection,
} from './resolve-connection.js';
export { resolveTarget, type ResolvedConfiguration, type ResolveTargetOptions } from './resolve-target.js';
export { initConfig, type InitialConfig } from './init-config.js';
