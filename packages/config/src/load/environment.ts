import { PgEvictError } from '@pg-evict/core';
import leven from 'leven';
import type { Config } from '../schema/config.js';

/**
 * The configuration for an environment. A configuration that is a map of environments has only objects as values, and
 * no key that is one of a configuration; then one of them must be the environment's. A knexfile differs: there, an
 * unknown environment selects the whole map. Here it is an error, because otherwise a user would find out only by
 * dropping the wrong database.
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
  // `{ sesions: { … } }` is not a map of environments but a typo, which validation explains.
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

/**
 * The error for an environment that a file does not have, with a list of those that it has.
 *
 * @param waysToChoose how another one is chosen, in words
 */
export function missingEnvironment(
  file: string,
  env: string,
  names: readonly string[],
  waysToChoose = '--env or NODE_ENV',
): PgEvictError {
  const meant = closestName(env, names);
  return new PgEvictError('CONFIG_INVALID', `${file} has no environment "${env}".`, {
    hint: `${meant === undefined ? '' : `Did you mean "${meant}"? `}It has ${names.map((name) => `"${name}"`).join(', ')}; choose with ${waysToChoose}.`,
  });
}

/** Complete, or it does not compile. */
const keys: Readonly<Record<keyof Config, true>> = {
  $schema: true,
  connection: true,
  admin: true,
  maintenanceDatabase: true,
  knexfile: true,
  protect: true,
  poolers: true,
  sessions: true,
  confirm: true,
  fresh: true,
  undo: true,
  testing: true,
};

/** The keys of a configuration, known without loading the schema. */
const configKeys = Object.keys(keys) as readonly (keyof Config)[];

/** The name that was most likely meant, `undefined` if none is near. */
export function closestName(name: string, names: Iterable<string>): string | undefined {
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of names) {
    const distance = leven(name.toLowerCase(), candidate.toLowerCase());
    // Two letters swapped are a distance of two; of short names everything is near.
    const limit = candidate.length < 4 ? 1 : Math.max(2, Math.floor(candidate.length / 3));
    if (distance <= limit && distance < (best?.distance ?? Infinity)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}
