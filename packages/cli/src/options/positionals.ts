import type { Command } from 'commander';

/** The two names of `rename`, `swap` and `clone`; the first may be left out. */
export interface TwoNames {
  readonly database: string | undefined;
  readonly to: string;
}

/** @param label the name of the second one in the usage */
export function splitNames(
  names: readonly string[],
  command: Command,
  label: 'to' | 'other' = 'to',
): TwoNames {
  const [first = '', second] = names;
  if (names.length === 0)
    command.error(
      `error: the ${label === 'to' ? 'new name' : 'other database'} is missing. Expected: [database] <${label}>`,
    );
  if (names.length > 2)
    command.error(`error: too many arguments for '${command.name()}'. Expected: [database] <${label}>`);
  return second === undefined ? { database: undefined, to: first } : { database: first, to: second };
}

/** The database and the command of `run`. */
export interface CommandParts {
  readonly database: string | undefined;
  readonly file: string;
  readonly args: readonly string[];
}

/** Splits the words of `run` at `--`, which the parser has already removed. */
export function splitCommand(words: readonly string[], command: Command): CommandParts {
  const raw = process.argv.indexOf('--');
  if (raw === -1) command.error('error: "--" is missing. Expected: [database] -- <command…>');
  const [file, ...args] = process.argv.slice(raw + 1);
  if (file === undefined)
    command.error('error: the command to run is missing. Expected: [database] -- <command…>');
  const before = words.slice(0, words.length - args.length - 1);
  if (before.length > 1)
    command.error('error: too many arguments before "--". Expected: [database] -- <command…>');
  return { database: before[0], file, args };
}

/** The database of `fresh`, and the command that fills it instead of knex. */
export interface FreshWords {
  readonly database: string | undefined;
  readonly command: readonly [file: string, ...args: string[]] | undefined;
}

/** Splits the words of `fresh`; the parser has already removed `--`. */
export function splitFreshWords(words: readonly string[], command: Command): FreshWords {
  const expected = 'Expected: [database] [-- <command…>]';
  const raw = process.argv.indexOf('--');
  const given = raw === -1 ? [] : process.argv.slice(raw + 1);
  const [database, ...more] = words.slice(0, words.length - given.length);
  if (more.length > 0) command.error(`error: too many arguments for 'fresh'. ${expected}`);
  const [file, ...args] = given;
  if (raw !== -1 && file === undefined)
    command.error(`error: the command is missing after "--". ${expected}`);
  return { database, command: file === undefined ? undefined : [file, ...args] };
}

/** The database and the dump of `restore`. */
export interface RestoreWords {
  readonly database: string | undefined;
  readonly dump: string;
  /** Options for pg_restore, or of psql: the words after `--`. */
  readonly extra: readonly string[];
}

/** Splits the words of `restore`; the parser has already removed `--`. */
export function splitRestoreWords(words: readonly string[], command: Command): RestoreWords {
  const expected = 'Expected: [database] <dump>';
  const raw = process.argv.indexOf('--');
  const extra = raw === -1 ? [] : process.argv.slice(raw + 1);
  const [first, second, ...more] = words.slice(0, words.length - extra.length);
  if (first === undefined) command.error(`error: the dump is missing. ${expected}`);
  if (more.length > 0) command.error(`error: too many arguments for 'restore'. ${expected}`);
  return second === undefined
    ? { database: undefined, dump: first, extra }
    : { database: first, dump: second, extra };
}
