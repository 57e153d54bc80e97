import { callsSetConfig, setsRefused, setsWithin } from './settings.js';
import {
  listsSharedCatalog,
  makesOnSharedCatalog,
  onSharedCatalog,
  writesSharedCatalog,
} from './shared-catalogs.js';
import { reasons, type StatementRule, statementRules } from './statement-rules.js';
import type { Words } from './words.js';

/** The decision on a statement: it is run, left out, or refused. */
export type Verdict =
  | { readonly fate: 'run' }
  | { readonly fate: 'skip' | 'refuse'; readonly statement: string; readonly reason: string };

/** Facts about the dump at the position of a statement. */
export interface Surroundings {
  /** The database that the dump was made from, by its own account; `undefined` if it does not say. */
  readonly own: string | undefined;
  /** Whether nothing was made yet. */
  readonly isLeading: boolean;
  readonly decode: (bytes: Buffer) => string;
}

/** Decides about a statement, by its first words. */
export function judge(words: Words, surroundings: Surroundings): Verdict {
  const first = words.keyword(0);
  if (frequent.has(first)) return run;
  for (const rule of rulesOf(first)) {
    const verdict = apply(rule, words, surroundings);
    if (verdict !== undefined) return verdict;
  }
  const check = checks[first];
  const reason = check?.(words, surroundings);
  return reason === undefined ? run : { fate: 'refuse', statement: namesOf(words, 2), reason };
}

const run: Verdict = { fate: 'run' };

/** The most frequent statements of a dump, which are never refused. */
const frequent = new Set(['BEGIN', 'START', 'RESET', 'ANALYZE', 'DO']);

const split = (text: string): string[][] => text.split(' ').map((word) => word.split('|'));

interface Compiled extends StatementRule {
  readonly first: readonly string[][];
  readonly further: readonly string[][];
  readonly others: readonly string[][] | undefined;
}

const compiled: readonly Compiled[] = statementRules.map((rule) => ({
  ...rule,
  first: split(rule.begins),
  further: rule.later === undefined ? [] : split(rule.later),
  others: rule.unless === undefined ? undefined : split(rule.unless),
}));

const byFirstWord = new Map<string, Compiled[]>();
function rulesOf(first: string): readonly Compiled[] {
  let rules = byFirstWord.get(first);
  if (rules === undefined) {
    rules = compiled.filter((rule) => rule.first[0]?.includes(first));
    // Anything may be a first word, but a dump has few of them.
    if (rules.length > 0) byFirstWord.set(first, rules);
  }
  return rules;
}

/** The decision of a rule on a statement; `undefined` if the rule does not apply. */
function apply(rule: Compiled, words: Words, surroundings: Surroundings): Verdict | undefined {
  const { first, further, fate, others, reason } = rule;
  if (!matches(words, 0, first)) return undefined;
  if (others !== undefined && matches(words, first.length, others)) return undefined;
  let end = first.length;
  if (further.length > 0) {
    const at = findSequence(words, end, further);
    if (at === -1) return undefined;
    end = at + further.length;
  }
  const statement =
    further.length === 0
      ? namesOf(words, end)
      : `${namesOf(words, first.length)} … ${namesOf(words, end, end - further.length)}`;
  if (fate === 'refuse') return { fate: 'refuse', statement, reason };
  const { own } = surroundings;
  const isOwn =
    own === undefined
      ? fate === 'own database or comment'
      : databasesFrom(words, end, surroundings).every((name) => name === own);
  if (!isOwn) return { fate: 'refuse', statement, reason };
  return { fate: 'skip', statement, reason: 'the database keeps its own settings, not those of the dump' };
}

function matches(words: Words, from: number, sequence: readonly string[][]): boolean {
  for (let index = 0; index < sequence.length; index += 1) {
    if (sequence[index]?.includes(words.keyword(from + index)) !== true) return false;
  }
  return true;
}

function findSequence(words: Words, from: number, sequence: readonly string[][]): number {
  const beginnings = new Set(sequence[0]);
  for (let at = from; ; at += 1) {
    at = words.find(beginnings, at);
    if (at === -1 || matches(words, at, sequence)) return at;
  }
}

/** The databases that a statement names, from the index of the first one. */
function databasesFrom(words: Words, from: number, { decode }: Surroundings): (string | undefined)[] {
  let at = from;
  if (words.keyword(at) === 'IF' && words.keyword(at + 1) === 'EXISTS') at += 2;
  const names = [words.name(at, decode)];
  while (words.at(at + 1)?.text === ',' && words.at(at + 1)?.kind === 'sign') {
    at += 2;
    names.push(words.name(at, decode));
  }
  return names;
}

/** The keywords between two indices, for messages. */
function namesOf(words: Words, end: number, from = 0): string {
  const texts: string[] = [];
  for (let index = from; index < end; index += 1) texts.push(words.keyword(index));
  return texts.join(' ').trimEnd();
}

const on = new Set(['ON']);
const fromOrTo = new Set(['FROM', 'TO']);
const ofClient = new Set(['STDIN', 'STDOUT']);

type Check = (words: Words, surroundings: Surroundings) => string | undefined;

/** The reason why a statement that begins with a word is refused; `undefined` if it is not. */
const checks: Readonly<Partial<Record<string, Check>>> = {
  GRANT: (words) => (words.find(on) === -1 ? reasons.grantRole : undefined),
  REVOKE: (words) => (words.find(on) === -1 ? reasons.grantRole : undefined),
  COPY: (words, { decode }) => {
    const at = words.find(fromOrTo);
    if (at !== -1 && !ofClient.has(words.keyword(at + 1))) return reasons.copyFile;
    return writesOrSets(words, { decode }) ?? onSharedCatalog(words, 1, decode);
  },
  CREATE: (words, { decode }) => {
    // Code of routines is not examined: its effect cannot be seen.
    if (isRoutine(words)) return setsWithin(words, decode);
    if (words.keyword(1) === 'SUBSCRIPTION' && !connectsNever(words)) return reasons.subscription;
    return makesOnSharedCatalog(words, decode) ?? writesOrSets(words, { decode });
  },
  ALTER: (words, { decode }) =>
    isRoutine(words) ? setsWithin(words, decode) : onSharedCatalog(words, 2, decode),
  DROP: (words, { decode, isLeading }) => {
    if (words.keyword(1) === 'SUBSCRIPTION') return isLeading ? undefined : reasons.droppedSubscription;
    return /^(?:TABLE|INDEX|VIEW)$/.test(words.keyword(1)) ? listsSharedCatalog(words, 2, decode) : undefined;
  },
  LOCK: (words, { decode }) => listsSharedCatalog(words, 1, decode),
  SET: (words, { decode }) =>
    setsRefused(words, /^(?:SESSION|LOCAL)$/.test(words.keyword(1)) ? 2 : 1, decode),
  INSERT: (words, { decode }) => onSharedCatalog(words, 1, decode),
  UPDATE: (words, { decode }) => onSharedCatalog(words, 1, decode),
  DELETE: (words, { decode }) => onSharedCatalog(words, 1, decode),
  MERGE: (words, { decode }) => onSharedCatalog(words, 1, decode),
  TRUNCATE: (words, { decode }) => writesSharedCatalog(words, decode),
  SELECT: writesOrSets,
  VALUES: writesOrSets,
  WITH: writesOrSets,
  EXPLAIN: writesOrSets,
  PREPARE: writesOrSets,
  // A parenthesis may contain any of them.
  '': writesOrSets,
};

function writesOrSets(words: Words, { decode }: Pick<Surroundings, 'decode'>): string | undefined {
  if (!words.mentions(writingOrSetting)) return undefined;
  return writesSharedCatalog(words, decode) ?? callsSetConfig(words, decode);
}

/** A part of every statement that writes to a table or calls `set_config()`, also by a name with escapes. */
const writingOrSetting = /update|into|truncate|delete|set_config|u&"/i;

function isRoutine(words: Words): boolean {
  const at = words.keyword(1) === 'OR' ? 3 : 1;
  return /^(?:FUNCTION|PROCEDURE|ROUTINE)$/.test(words.keyword(at));
}

function connectsNever(words: Words): boolean {
  for (let at = 2; words.at(at) !== undefined; at += 1) {
    if (words.keyword(at) === 'CONNECT' && words.at(at + 1)?.text === '=') {
      return /^(?:FALSE|OFF)$/.test(words.keyword(at + 2));
    }
  }
  return false;
}

/** Whether a statement is one whose data follow it in the file. */
export function takesData(words: Words): boolean {
  if (words.keyword(0) !== 'COPY') return false;
  const at = words.find(fromOrTo);
  return at !== -1 && words.keyword(at) === 'FROM' && ofClient.has(words.keyword(at + 1));
}
