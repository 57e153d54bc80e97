import { onExtensions, tolerated, type ToleratedFailure } from './tolerated-failures.js';
import type { Words } from '../sql/words.js';

/** Where a statement of a dump stands. */
export interface Place {
  /** Whether nothing has been created yet: the DROP statements of `pg_dump --clean` come first. */
  readonly isLeading: boolean;
  readonly decode: (bytes: Buffer) => string;
}

/** The failures of a statement for which it may be left out. */
export function toleratedOf(words: Words, { decode, isLeading }: Place): readonly ToleratedFailure[] {
  const candidates = byFirstWord.get(words.keyword(0));
  if (candidates === undefined) return none;
  return candidates.filter(({ having, leading, named, sequence }) => {
    if (leading === true && !isLeading) return false;
    if (!sequence.every((word, index) => matches(words, index, word))) return false;
    if (having !== undefined && words.find(having) === -1) return false;
    if (named === undefined) return true;
    let at = sequence.length;
    if (words.keyword(at) === 'IF') at += words.keyword(at + 1) === 'NOT' ? 3 : 2;
    return named.test(words.name(at, decode) ?? '');
  });
}

/** Whether a statement creates something, so that the DROP statements of `--clean` are over. */
export function makesSomething(words: Words): boolean {
  return !/^(?:SET|SELECT|RESET|DROP|ALTER|BEGIN|START|COMMIT)?$/.test(words.keyword(0));
}

/** Whether it concerns an extension that was left out. */
export function isOnExtension(words: Words, names: ReadonlySet<string>, place: Place): boolean {
  if (names.size === 0) return false;
  return onExtensions.some((begins) => {
    const sequence = begins.split(' ');
    return (
      sequence.every((word, index) => words.keyword(index) === word) &&
      names.has(words.name(sequence.length, place.decode) ?? '')
    );
  });
}

function matches(words: Words, index: number, alternatives: readonly string[]): boolean {
  if (alternatives[0] === '.') return words.at(index)?.text === '.';
  return alternatives.includes(words.keyword(index));
}

interface Candidate extends ToleratedFailure {
  readonly sequence: readonly (readonly string[])[];
}

const none: readonly Candidate[] = [];

const byFirstWord = new Map<string, Candidate[]>();
for (const failure of tolerated) {
  const sequence = failure.begins.split(' ').map((word) => word.split('|'));
  for (const word of sequence[0] ?? []) {
    byFirstWord.set(word, [...(byFirstWord.get(word) ?? []), { ...failure, sequence }]);
  }
}
