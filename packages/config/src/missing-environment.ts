import { PgEvictError } from '@pg-evict/core';
import { closestName } from './closest-name.js';

/** The error for an environment that a file does not have, with those that it has. */
export function missingEnvironment(file: string, env: string, names: readonly string[]): PgEvictError {
  const meant = closestName(env, names);
  return new PgEvictError('CONFIG_INVALID', `${file} has no environment "${env}".`, {
    hint: `${meant === undefined ? '' : `Did you mean "${meant}"? `}It has ${names.map((name) => `"${name}"`).join(', ')}; choose with --env or NODE_ENV.`,
  });
}
