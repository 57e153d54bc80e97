import type { Command, CommanderError } from 'commander';
import { usage } from '../terminal/exit-code.js';
import { printable, redactPasswords } from '../terminal/printable.js';
import { failureDocument } from './failure-document.js';

/** Prints what was wrong with the command line. Loads nothing more: the driver is not needed to say so. */
export function reportUsage(error: CommanderError, program: Command, argv: readonly string[]): void {
  if (error.exitCode === 0) return; // Help or version was asked for, and shown.
  process.exitCode = usage;
  const noCommand = error.code === 'commander.help';
  if (noCommand && !argv.includes('--json')) return; // The help has been shown.
  const text = noCommand ? 'No command is given.' : error.message.replace(/^error: /, '');
  const [first = '', ...suggestions] = redactPasswords(text).split('\n');
  const summary = first.endsWith('.') ? first : `${first}.`;
  const command = program.commands.find(
    (known) => argv[2] === known.name() || known.aliases().includes(argv[2] ?? ''),
  );
  const help = command === undefined ? 'pg-evict --help' : `pg-evict help ${command.name()}`;
  const forgot =
    command?.name() === 'run' && error.code === 'commander.unknownOption' && argv === process.argv;
  const hint = [
    ...suggestions,
    ...(forgot ? ['What belongs to the command goes behind "--".'] : []),
    `${help} shows what there is.`,
  ].join(' ');
  if (argv.includes('--json')) {
    process.stdout.write(failureDocument({ code: 'CONFIG_INVALID', summary, hint }));
  } else {
    process.stderr.write(`error: ${printable(summary)}\n${hint}\n`);
  }
}
