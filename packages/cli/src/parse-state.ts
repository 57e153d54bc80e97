import { InvalidArgumentError } from 'commander';
import { parseList } from './parse-list.js';

/** What `pg_stat_activity.state` can be, in PostgreSQL 13 to 18. */
const states = [
  'active',
  'idle',
  'idle in transaction',
  'idle in transaction (aborted)',
  'fastpath function call',
  'disabled',
  'starting',
];

/** A list of states, or patterns for them. A state that there is not would pick nobody, and never say so. */
export function parseState(text: string, previous?: readonly string[]): string[] {
  const words = parseList(text, previous);
  const strange = words.find((word) => !/[*?]/.test(word) && !states.includes(word));
  if (strange !== undefined) {
    throw new InvalidArgumentError(
      `PostgreSQL's states are ${states.map((state) => `"${state}"`).join(', ')}.`,
    );
  }
  return words;
}
