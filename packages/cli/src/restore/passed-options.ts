import { PgEvictError } from '../context/engine.js';
import { checkPlainOptions } from './plain-options.js';

/**
 * The program that restores a dump: pg_restore, or pg-evict itself, which accepts the options that scripts have for
 * psql.
 */
export type RestoreProgram = 'pg_restore' | 'plain';

/** An option that would defeat the purpose: its letter, its name, and the reason. */
type Refused = readonly [letter: string, name: string, why: string];

const refused: readonly Refused[] = [
  ['C', 'create', 'it would leave the new database and write into the one that is in use'],
  ['c', 'clean', 'the database that is restored into is new, and there is nothing in it to clean'],
  ['f', 'file', 'it would write a script and not restore'],
  ...['d dbname', 'h host', 'p port', 'U username', 'W password'].map((option): Refused => {
    const [letter = '', name = ''] = option.split(' ');
    return [letter, name, 'pg-evict already passes the connection and the database to it'];
  }),
  ...['l list', 'V version', '? help'].map((option): Refused => {
    const [letter = '', name = ''] = option.split(' ');
    return [letter, name, 'it would not restore then'];
  }),
];

/** Letters and names with a value, which may be the next word. */
const valuedLetters = 'FIjLnNPStT';
const valuedNames =
  /^--(?:exclude-database|exclude-schema|filter|format|function|index|jobs|restrict-key|role|schema|section|superuser|table|transaction-size|trigger|use-list)$/;

/**
 * The options that apply: those passed on to pg_restore, with combined letters separated; for a plain dump, those that
 * were requested.
 */
export interface PassedOptions {
  readonly words: readonly string[];
  readonly singleTransaction: boolean;
}

/**
 * Checks the words after `--`.
 *
 * @throws PgEvictError `CONFIG_INVALID` for an option that would do something else than restore
 */
export function checkPassedOptions(program: RestoreProgram, words: readonly string[]): PassedOptions {
  if (program === 'plain') return { words: [], singleTransaction: checkPlainOptions(words) };
  return { words: checkArchiveOptions(words), singleTransaction: false };
}

function checkArchiveOptions(words: readonly string[]): string[] {
  const checked: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word.startsWith('--')) {
      const [option = ''] = word.split('=', 1);
      // getopt_long() accepts any beginning of a name.
      accept(option, (_letter, name) => option.length > 2 && `--${name}`.startsWith(option));
      checked.push(word);
      const next = words[at + 1];
      if (!valuedNames.test(word) || next === undefined) continue;
      checked.push(next);
      at += 1;
    } else if (word.startsWith('-') && word.length > 1) {
      for (let index = 1; index < word.length; index += 1) {
        const letter = word.charAt(index);
        accept(`-${letter}`, (refusedLetter) => refusedLetter === letter);
        checked.push(`-${letter}`);
        if (!valuedLetters.includes(letter)) continue;
        // Its value is the rest of the word, or the next one.
        const value = word.slice(index + 1) || words[(at += 1)];
        if (value !== undefined) checked.push(value);
        break;
      }
    } else {
      throw new PgEvictError(
        'CONFIG_INVALID',
        `"${word}" cannot be passed on to pg_restore: it is not an option.`,
        {
          hint: 'Write the value of an option after it, with "=": --schema=sales.',
        },
      );
    }
  }
  return checked;
}

function accept(option: string, matches: (letter: string, name: string) => boolean): void {
  const [, name, why] = refused.find(([letter, long]) => matches(letter, long)) ?? [];
  if (name === undefined) return;
  const given = option === `--${name}` ? option : `${option} (--${name})`;
  throw new PgEvictError('CONFIG_INVALID', `${given} cannot be passed on to pg_restore: ${why}.`, {
    hint: 'Leave it out; pg-evict passes the necessary options to pg_restore.',
  });
}
