import { PgEvictError } from './error.js';
import type { SessionPattern } from './session.js';

const fields: Readonly<Record<keyof SessionPattern, true>> = { user: true, application: true, client: true };

/**
 * Refuses patterns of sessions that select none or all of them by mistake.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertPatterns(name: string, patterns: unknown): void {
  if (patterns === undefined) return;
  const list: readonly unknown[] | undefined = Array.isArray(patterns) ? patterns : undefined;
  if (list?.every(isPattern) === true) return;
  throw new PgEvictError('CONFIG_INVALID', `${name} is ${JSON.stringify(patterns)}.`, {
    hint: `Give a list of patterns: [{ application: 'pgAdmin*' }]. A pattern has ${Object.keys(fields).join(', ')}.`,
  });
}

function isPattern(one: unknown): boolean {
  if (typeof one !== 'object' || one === null) return false;
  const given = Object.entries(one).filter(([, value]) => value !== undefined);
  return given.length > 0 && given.every(([field, value]) => Object.hasOwn(fields, field) && isText(value));
}

const isText = (value: unknown): boolean =>
  Array.isArray(value) ? value.every((one) => typeof one === 'string') : typeof value === 'string';
