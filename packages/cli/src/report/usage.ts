import type { Command, CommanderError } from 'commander';
import { commandsOfOthers, optionsOfOthers } from '../options/other-words.js';
import { usage } from '../terminal/exit-code.js';
import { printable, redactPasswords, shortened } from '../terminal/printable.js';
import { textWidth, wrap } from '../terminal/wrap.js';
import { failureDocument } from './failure-document.js';

/** Prints the mistake in the command line. Loads nothing more: the driver is not needed for that. */
export function reportUsage(error: CommanderError, program: Command, argv: readonly string[]): void {
  if (error.exitCode === 0) return; // Help or version was requested, and shown.
  process.exitCode = usage;
  const noCommand = error.code === 'commander.help';
  if (noCommand && !argv.includes('--json')) return; // The help has been shown.
  const text = noCommand ? 'No command is given.' : error.message.replace(/^error: /, '');
  const [first = '', ...suggestions] = shortened(redactPasswords(text)).split('\n');
  const summary = first.endsWith('.') ? first : `${first}.`;
  const hint = hintFor(error, commandOf(program, argv), suggestions, argv);
  if (argv.includes('--json')) {
    process.stdout.write(failureDocument({ code: 'CONFIG_INVALID', summary, hint }));
  } else {
    const width = textWidth(process.stderr);
    process.stderr.write(`${wrap(`error: ${printable(summary)}`, width)}\n${wrap(hint, width)}\n`);
  }
}

/** The command that was given, if there is one of that name. */
const commandOf = (program: Command, [, , word = '']: readonly string[]): string | undefined =>
  program.commands.find((known) => word === known.name() || known.aliases().includes(word))?.name();

function hintFor(
  error: CommanderError,
  command: string | undefined,
  suggestions: readonly string[],
  argv: readonly string[],
): string {
  const forgot = command === 'run' && error.code === 'commander.unknownOption' && argv === process.argv;
  const meant = meantBy(error, command);
  const said = [
    ...(meant === undefined ? suggestions : [meant]),
    ...(forgot ? ['Put the command and its options after "--".'] : []),
  ];
  if ([error.message, ...said].some((text) => text.includes('For help'))) return said.join(' ');
  const help = command === undefined || command === 'help' ? 'pg-evict --help' : `pg-evict help ${command}`;
  return [...said, `Run ${help} for usage.`].join(' ');
}

/** The suggestion for a word that other tools have. */
function meantBy({ code, message }: CommanderError, command: string | undefined): string | undefined {
  const [, word = ''] = /'([^'\s]+)/.exec(message) ?? [];
  switch (code) {
    case 'commander.unknownCommand': {
      return commandsOfOthers[word];
    }
    case 'commander.unknownOption': {
      return optionsOfOthers[word.replace(/=.*/s, '')];
    }
    case 'commander.optionMissingArgument': {
      if (word !== '-h,') return undefined;
      return `-h is the host here, as in psql. For help: pg-evict ${command === undefined ? '' : `${command} `}--help.`;
    }
    default: {
      return undefined;
    }
  }
}
