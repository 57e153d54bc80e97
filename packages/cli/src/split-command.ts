import type { Command } from 'commander';

/** What `run` is about and what it runs. */
export interface CommandParts {
  readonly database: string | undefined;
  readonly file: string;
  readonly args: readonly string[];
}

/** Takes the words of `run` apart at `--`, which the parser has already taken out. */
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
