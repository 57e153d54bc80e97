import { closestName } from './closest-name.js';
import { configKeys } from './config-keys.js';
import { missingEnvironment } from './missing-environment.js';

/**
 * The configuration for an environment. A configuration that is a map of environments has nothing but objects in it,
 * and no key that is one of a configuration; then one of them must be the environment's. Not as in a knexfile, where
 * an unknown environment means the whole map: nobody wants to find out by dropping a database.
 *
 * @throws PgEvictError `CONFIG_INVALID`
 */
export function selectEnvironment(
  exported: unknown,
  env: string,
  file: string,
): { readonly value: unknown; readonly environment: string | undefined } {
  if (!isMap(exported)) return { value: exported, environment: undefined };
  if (Object.hasOwn(exported, env)) return { value: exported[env], environment: env };
  const names = Object.keys(exported);
  // `{ sesions: { … } }` is no map of environments but a typo, which validation explains.
  if (names.some((name) => closestName(name, configKeys) !== undefined)) {
    return { value: exported, environment: undefined };
  }
  throw missingEnvironment(file, env, names);
}

function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value).filter(([key]) => key !== '$schema');
  return (
    entries.length > 0 &&
    entries.every(
      ([key, entry]) =>
        !(configKeys as readonly string[]).includes(key) &&
        typeof entry === 'object' &&
        entry !== null &&
        !Array.isArray(entry),
    )
  );
}
