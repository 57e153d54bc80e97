import { PgEvictError } from '../context/engine.js';

/** What restores a dump. */
export type RestoreProgram = 'pg_restore' | 'psql';

/** An option that would defeat the purpose: its letter, its name, and why. */
type Refused = readonly [letter: string, name: string, why: string];

const leadingElsewhere: readonly Refused[] = ['d dbname', 'h host', 'p port', 'U username', 'W password'].map(
  (option) => {
    const [letter = '', name = ''] = option.split(' ');
    return [letter, name, 'the connection and the database are given to it already'];
  },
);

const notRestoring: readonly Refused[] = ['l list', 'V version', '? help'].map((option) => {
  const [letter = '', name = ''] = option.split(' ');
  return [letter, name, 'it would not restore then'];
});

const programs: Record<RestoreProgram, { readonly refused: readonly Refused[]; readonly valued: string }> = {
  pg_restore: {
    refused: [
      ['C', 'create', 'it would leave the new database and write into the one that is in use'],
      ['c', 'clean', 'the database that is restored into is new, and there is nothing in it to clean'],
      ['f', 'file', 'it would write a script and not restore'],
      ...leadingElsewhere,
      ...notRestoring,
    ],
    valued: 'FIjLnNPStT',
  },
  psql: {
    refused: [
      ['c', 'command', 'what is run is the dump'],
      ['f', 'file', 'what is run is the dump'],
      ...leadingElsewhere,
      ...notRestoring,
    ],
    valued: 'FLoPRTv',
  },
};

/**
 * Checks what is passed on to pg_restore or psql, and takes letters that stand together apart.
 *
 * @throws PgEvictError `CONFIG_INVALID` for an option by which something else would happen than a restore
 */
export function checkPassedOptions(program: RestoreProgram, words: readonly string[]): string[] {
  const { refused, valued } = programs[program];
  const accept = (option: string, matches: (letter: string, name: string) => boolean): void => {
    const [, name, why] = refused.find(([letter, long]) => matches(letter, long)) ?? [];
    if (name === undefined) return;
    const given = option === `--${name}` ? option : `${option} (--${name})`;
    throw new PgEvictError('CONFIG_INVALID', `${given} cannot be passed on to ${program}: ${why}.`, {
      hint: `Leave it out; ${program} is started with what it needs.`,
    });
  };
  const checked: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word.startsWith('--')) {
      const [option = ''] = word.split('=', 1);
      // getopt_long() takes any beginning of a name.
      accept(option, (_letter, name) => option.length > 2 && `--${name}`.startsWith(option));
      checked.push(word);
    } else if (word.startsWith('-') && word.length > 1) {
      for (let index = 1; index < word.length; index += 1) {
        const letter = word.charAt(index);
        accept(`-${letter}`, (refusedLetter) => refusedLetter === letter);
        checked.push(`-${letter}`);
        if (!valued.includes(letter)) continue;
        // Its value is the rest of the word, or the next one.
        const value = word.slice(index + 1) || words[(at += 1)];
        if (value !== undefined) checked.push(value);
        break;
      }
    } else checked.push(word);
  }
  return checked;
}
