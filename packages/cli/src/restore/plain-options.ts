import { PgEvictError } from '../context/engine.js';

/** An option of psql's: its letter, its name, whether it has a value, and its effect on a plain dump. */
interface PsqlOption {
  readonly letter: string;
  readonly name: string;
  readonly valued?: true;
  /** The reason why it is refused; `undefined` if it is accepted. */
  readonly refused?: string;
}

const connection = 'pg-evict already sets the connection and the database';
const output = 'a restore prints no rows';
const noRestore = 'nothing would be restored then';
const dumpIsRun = 'only the dump is run';

/** All options of psql, because a script may use any of them. The accepted ones change nothing here, except for -1. */
const options: readonly PsqlOption[] = [
  { letter: '1', name: 'single-transaction' },
  { letter: 'q', name: 'quiet' },
  { letter: 'X', name: 'no-psqlrc' },
  { letter: 'w', name: 'no-password' },
  { letter: 'b', name: 'echo-errors' },
  { letter: 'a', name: 'echo-all' },
  { letter: 'e', name: 'echo-queries' },
  { letter: 'v', name: 'set', valued: true },
  { letter: 'v', name: 'variable', valued: true },
  { letter: 'c', name: 'command', valued: true, refused: dumpIsRun },
  { letter: 'f', name: 'file', valued: true, refused: dumpIsRun },
  { letter: 'd', name: 'dbname', valued: true, refused: connection },
  { letter: 'h', name: 'host', valued: true, refused: connection },
  { letter: 'p', name: 'port', valued: true, refused: connection },
  { letter: 'U', name: 'username', valued: true, refused: connection },
  { letter: 'W', name: 'password', refused: connection },
  { letter: 'l', name: 'list', refused: noRestore },
  { letter: 'V', name: 'version', refused: noRestore },
  { letter: '?', name: 'help', refused: noRestore },
  { letter: 'o', name: 'output', valued: true, refused: output },
  { letter: 'L', name: 'log-file', valued: true, refused: output },
  { letter: 'A', name: 'no-align', refused: output },
  { letter: 'F', name: 'field-separator', valued: true, refused: output },
  { letter: 'H', name: 'html', refused: output },
  { letter: 'P', name: 'pset', valued: true, refused: output },
  { letter: 'R', name: 'record-separator', valued: true, refused: output },
  { letter: 't', name: 'tuples-only', refused: output },
  { letter: 'T', name: 'table-attr', valued: true, refused: output },
  { letter: 'x', name: 'expanded', refused: output },
  { letter: 'z', name: 'field-separator-zero', refused: output },
  { letter: '0', name: 'record-separator-zero', refused: output },
  { letter: '', name: 'csv', refused: output },
  { letter: 'E', name: 'echo-hidden', refused: output },
  { letter: 'n', name: 'no-readline', refused: 'nothing is typed' },
  { letter: 's', name: 'single-step', refused: 'restore does not ask between statements' },
  { letter: 'S', name: 'single-line', refused: 'a line end would end a statement' },
];

/**
 * Checks the words after `--` for a plain dump, which in scripts are options of psql. Returns whether all of it is to
 * be one transaction.
 *
 * @throws PgEvictError `CONFIG_INVALID`
 */
export function checkPlainOptions(words: readonly string[]): boolean {
  let singleTransaction = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    const found = word.startsWith('--') ? byName(word) : word.startsWith('-') ? byLetters(word) : [];
    if (found.length === 0) {
      refuse(`"${word}"`, word.startsWith('-') ? 'there is no such option' : 'it is not an option', leaveOut);
    }
    for (const { option, given, value } of found) {
      if (option.refused !== undefined) refuse(given, option.refused, leaveOut);
      if (option.letter === '1') singleTransaction = true;
      if (option.valued !== true) continue;
      const variable = value ?? words[(at += 1)] ?? '';
      if (!variable.startsWith('ON_ERROR_STOP=') && variable !== 'ON_ERROR_STOP') {
        refuse(`${given} ${variable.split('=', 1)[0] ?? ''}`.trimEnd(), 'only psql has variables', byHand);
      }
    }
  }
  return singleTransaction;
}

const leaveOut =
  'Leave it out: a plain dump is run by pg-evict itself, without psql, and stops at the first error.';
const byHand = 'Replace the variable in the dump with its value.';

interface Given {
  readonly option: PsqlOption;
  readonly given: string;
  readonly value: string | undefined;
}

function byName(word: string): Given[] {
  const [name = '', ...rest] = word.slice(2).split('=');
  // getopt_long() accepts any beginning of a name.
  const option =
    options.find((candidate) => candidate.name === name) ??
    options.find((candidate) => name !== '' && candidate.name.startsWith(name));
  if (option === undefined) return [];
  const given = option.name === name ? `--${name}` : `--${name} (--${option.name})`;
  return [{ option, given, value: rest.length === 0 ? undefined : rest.join('=') }];
}

function byLetters(word: string): Given[] {
  const found: Given[] = [];
  for (let index = 1; index < word.length; index += 1) {
    const letter = word.charAt(index);
    const option = options.find((candidate) => candidate.letter === letter);
    if (option === undefined) return [];
    const isValued = option.valued === true;
    const value = isValued ? word.slice(index + 1) || undefined : undefined;
    found.push({ option, given: `-${letter} (--${option.name})`, value });
    if (isValued) break;
  }
  return found;
}

function refuse(given: string, why: string, hint: string): never {
  throw new PgEvictError('CONFIG_INVALID', `${given} cannot be passed on with a plain dump: ${why}.`, {
    hint,
  });
}
