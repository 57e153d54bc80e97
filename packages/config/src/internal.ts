/** Shared by the packages of pg-evict. Not part of the public API: it can change in any version without notice. */
export { describeConnectionOrigin } from './describe-connection-origin.js';
export { clearConfigCache } from './load/load-config.js';
export { resolveTestTarget, type ResolveTestTargetOptions } from './resolve-target.js';
export { loadMigrationFile } from './load/load-module.js';
