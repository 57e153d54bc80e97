import type { Relation } from '@pg-evict/core';
import type { DumpedRelation } from './dump.js';

/** How many names a message has at most. */
const namedAtMost = 5;

/**
 * Compares what a dump says it holds with what the restored database has.
 *
 * @returns what is missing, for a message; `undefined` if nothing is
 */
export function findMissing(
  dumped: readonly DumpedRelation[],
  restored: readonly Relation[],
): string | undefined {
  // pg_dump writes names on one line; any of them may have spaces in it.
  const names = new Set(restored.map(({ schema, name }) => `${schema} ${name}`.replaceAll(/[\n\r]/g, ' ')));
  const missing = dumped.filter(({ name }) => !beginnings(name).some((beginning) => names.has(beginning)));
  if (missing.length === 0) return undefined;
  const some = missing.slice(0, namedAtMost).map(({ label }) => label);
  const more = missing.length - some.length;
  return `${some.join(', ')}${more === 0 ? '' : `, and ${more} more`}`;
}

/** The text, and what is before each of its spaces. */
function beginnings(text: string): string[] {
  const spaces = [...text.matchAll(/ /g)].map(({ index }) => text.slice(0, index));
  return [text, ...spaces];
}
