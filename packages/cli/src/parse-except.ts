import type { SessionPattern } from '@pg-evict/core';
import { InvalidArgumentError } from 'commander';
import { parseList } from './parse-list.js';

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
  // An application with "=" in its name is still to be had, as application=a=b.
  if (field === undefined || pattern === '') {
    throw new InvalidArgumentError('Write application=pattern, user=pattern or client=pattern.');
  }
  return { [field]: pattern };
}
