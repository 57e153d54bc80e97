import type { PgEvictKnexOptions } from './options.js';
import type { TargetOptions } from './target.js';

/**
 * Options of an operation, without those of the target and of the plugin, which core's operations do not have: whoever
 * has options for the plugin may hand the same on.
 */
export function operationOf<Options extends TargetOptions>(
  options: Options,
): Omit<Options, keyof TargetOptions> {
  const {
    adminConnection: _admin,
    maintenanceDatabase: _maintenance,
    protect: _protect,
    evict: _evict,
    ensureDatabase: _ensure,
    followsTests: _follows,
    ...operation
  } = options as Options & PgEvictKnexOptions;
  return operation as unknown as Omit<Options, keyof TargetOptions>;
}
