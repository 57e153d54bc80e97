import type { Command, Option } from 'commander';

/** The candidates for the word at the cursor. */
export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  /** Names of databases, from the server that the options before the cursor lead to. */
  | { readonly kind: 'databases'; readonly options: TypedOptions }
  | { readonly kind: 'files' };

/** The options before the cursor, as they were typed. */
export type TypedOptions = Readonly<Record<string, string>>;

/** A word, and its description. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

const files = new Set(['--config', '--knexfile']);
const databases = new Set(['--confirm', '--maintenance-db', '--template']);
const states = ['active', 'idle', 'idle in transaction', 'idle in transaction (aborted)'];

const nothing: Candidates = { kind: 'words', words: [] };
const plain = (words: readonly string[]): Candidates => ({
  kind: 'words',
  words: words.map((word) => ({ word, description: '' })),
});

/**
 * The candidates for the word at the cursor.
 *
 * @param words the words after `pg-evict`; the last one is at the cursor
 */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  // Words after "--" belong to another program.
  if (before.includes('--')) return { kind: 'files' };
  const { command, options, positionals, expects } = read(program, before);
  if (expects !== undefined) return valuesOf(expects, options);
  const attached = /^(--[\w-]+)=/.exec(current)?.[1];
  if (attached !== undefined) {
    const option = optionsOf(program, command).find(({ long }) => long === attached);
    return option === undefined ? nothing : valuesOf(option, options);
  }
  if (current.startsWith('-')) return flagsOf(program, command);
  // After a word that is not a command, nothing can be completed.
  if (command === undefined) return positionals === 0 ? commandsOf(program) : nothing;
  return positionalOf(program, command, positionals, options);
}

interface Line {
  readonly command: Command | undefined;
  readonly options: TypedOptions;
  /** How many words that are not options follow the command. */
  readonly positionals: number;
  /** The option whose value is at the cursor. */
  readonly expects: Option | undefined;
}

/** Reads the words before the cursor, even if they contain mistakes. */
function read(program: Command, words: readonly string[]): Line {
  let command: Command | undefined;
  let positionals = 0;
  let expects: Option | undefined;
  const options: Record<string, string> = {};
  for (const word of words) {
    if (expects !== undefined) {
      options[expects.attributeName()] = word;
      expects = undefined;
    } else if (word.startsWith('-')) {
      const [flag, ...value] = word.split('=');
      const option = optionsOf(program, command).find(({ long, short }) => long === flag || short === flag);
      if (value.length > 0 && option !== undefined) options[option.attributeName()] = value.join('=');
      else if (option?.required === true) expects = option;
    } else if (command === undefined) {
      command = program.commands.find((known) => known.name() === word || known.aliases().includes(word));
      if (command === undefined) positionals += 1;
    } else positionals += 1;
  }
  return { command, options, positionals, expects };
}

const optionsOf = (program: Command, command: Command | undefined): Option[] => [
  ...(command?.options ?? []),
  ...program.options.filter(({ long }) => command === undefined || long !== '--version'),
];

function flagsOf(program: Command, command: Command | undefined): Candidates {
  const flags = optionsOf(program, command).flatMap(({ description, hidden, long }) =>
    hidden || typeof long !== 'string' ? [] : [{ word: long, description }],
  );
  return { kind: 'words', words: [...flags, { word: '--help', description: 'show help' }] };
}

function commandsOf(program: Command): Candidates {
  const shown = program.createHelp().visibleCommands(program);
  return {
    kind: 'words',
    words: shown.map((command) => ({ word: command.name(), description: command.description() })),
  };
}

function valuesOf({ argChoices, long }: Option, options: TypedOptions): Candidates {
  if (argChoices !== undefined) return plain(argChoices);
  if (files.has(long ?? '')) return { kind: 'files' };
  if (databases.has(long ?? '')) return { kind: 'databases', options };
  return long === '--state' ? plain(states) : nothing;
}

function positionalOf(
  program: Command,
  command: Command,
  positionals: number,
  options: TypedOptions,
): Candidates {
  const name = command.name();
  if (name === 'help') return positionals === 0 ? commandsOf(program) : nothing;
  const [argument] = command.registeredArguments;
  if (argument?.argChoices !== undefined) return positionals === 0 ? plain(argument.argChoices) : nothing;
  // `restore <dump>` names the dump alone, and the database is then the configured one.
  if (name === 'restore' && positionals === 1) return { kind: 'files' };
  return argument !== undefined && positionals === 0 ? { kind: 'databases', options } : nothing;
}
