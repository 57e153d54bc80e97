import type { SessionPattern } from '@pg-evict/core';
import { durationMs, longestUndoMs } from '@pg-evict/core/internal/text';
import { InvalidArgumentError } from 'commander';

/** Collects a repeatable option whose value is a comma-separated list. */
export function parseList(text: string, previous: readonly string[] = []): string[] {
  const words = text.split(',').map((word) => word.trim());
  if (words.includes('')) throw new InvalidArgumentError('There is an empty value in the list.');
  return [...previous, ...words];
}

/** Milliseconds of `500ms`, `30s`, `1.5m`, `1h` or a bare number of milliseconds. */
export function parseDuration(text: string): number {
  const ms = durationMs(text, 'ms');
  if (!(ms > 0)) throw new InvalidArgumentError('Write a duration like 500ms, 30s, 2m or 1h.');
  return ms;
}

/**
 * Milliseconds of `0`, `30s`, `5m`, `2h` or `1d`. A bare number is refused: with `--older-than 5`, nobody means
 * milliseconds, which would match every session.
 */
export function parseAge(text: string): number {
  const ms = text.trim() === '0' ? 0 : durationMs(text);
  if (!(ms >= 0)) throw new InvalidArgumentError('Write a duration with its unit, like 30s, 5m, 2h or 1d.');
  return ms;
}

/** `--interval`: a duration after which something is repeated. */
export function parseInterval(text: string): number {
  const ms = parseAge(text);
  if (ms === 0) throw new InvalidArgumentError('Write a duration with its unit, like 500ms, 2s or 1m.');
  return ms;
}

/** `--undo`: a duration for which content is kept. */
export function parseKeeping(text: string): number {
  const ms = parseAge(text);
  if (ms === 0) throw new InvalidArgumentError('To keep nothing, write --no-undo.');
  if (ms > longestUndoMs) throw new InvalidArgumentError('Write a hundred years at most.');
  return ms;
}

const fields = ['application', 'user', 'client'] as const;

/** Collects the patterns of `--except`: `application=pgAdmin*`, `user=…`, `client=…`; a bare one is an application. */
export function parseExcept(text: string, previous: readonly SessionPattern[] = []): SessionPattern[] {
  return [...previous, ...parseList(text).map(toPattern)];
}

function toPattern(word: string): SessionPattern {
  const equals = word.indexOf('=');
  if (equals === -1) return { application: word };
  const [name, pattern] = [word.slice(0, equals), word.slice(equals + 1)];
  const field = fields.find((known) => known === name);
  // An application with "=" in its name can be written as application=a=b.
  if (field === undefined || pattern === '') {
    throw new InvalidArgumentError('Write application=pattern, user=pattern or client=pattern.');
  }
  return { [field]: pattern };
}

/** The values of `pg_stat_activity.state`, in PostgreSQL 13 to 18. */
const states = [
  'active',
  'idle',
  'idle in transaction',
  'idle in transaction (aborted)',
  'fastpath function call',
  'disabled',
  'starting',
];

/** A list of states, or patterns for them. A state that does not exist would select no session, without a message. */
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

/** A parser of whole numbers in a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Write a number from ${least} to ${most}.`);
  };
}
