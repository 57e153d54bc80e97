import type { Command } from 'commander';

/** What `restore` is about. */
export interface RestoreWords {
  readonly database: string | undefined;
  readonly dump: string;
  /** Options for pg_restore or psql: what stands behind `--`. */
  readonly extra: readonly string[];
}

/** Takes the words of `restore` apart; the parser has already taken `--` out. */
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
