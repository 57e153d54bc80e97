import type { CommanderError } from 'commander';
import { usage } from './exit-code.js';
import { redactPasswords } from './redact-passwords.js';
import { toJsonText } from './to-json-text.js';
import { printable } from './printable.js';

/** Prints what was wrong with the command line. Loads nothing more: the driver is not needed to say so. */
export function reportUsage(error: CommanderError, argv: readonly string[]): void {
  if (error.exitCode === 0) return; // Help or version was asked for, and shown.
  process.exitCode = usage;
  const noCommand = error.code === 'commander.help';
  if (noCommand && !argv.includes('--json')) return; // The help has been shown.
  const text = noCommand ? 'No command is given.' : error.message.replace(/^error: /, '');
  const [first = '', ...suggestions] = redactPasswords(text).split('\n');
  const summary = first.endsWith('.') ? first : `${first}.`;
  const hint = [...suggestions, 'pg-evict --help shows what there is.'].join(' ');
  if (argv.includes('--json')) {
    const document = {
      code: 'CONFIG_INVALID',
      message: `${summary} ${hint}`,
      hint,
      database: null,
      blockers: [],
    };
    process.stdout.write(toJsonText({ error: document }));
  } else {
    process.stderr.write(`error: ${printable(summary)}\n${hint}\n`);
  }
}
