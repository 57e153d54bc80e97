import { type Command, Option } from 'commander';
import { parseKeeping } from './parse.js';

/** Whether the old content is kept. */
export interface UndoFlags {
  /** `--undo <duration>` in milliseconds, `--no-undo`; `undefined` if neither is given. */
  readonly undo?: number | false;
}

/**
 * @param kept the content that is kept, for the help
 * @param byDefault how long, if neither option is given
 */
export function addUndoOptions(command: Command, kept: string, byDefault: string): Command {
  return command
    .addOption(
      new Option(
        '--undo <duration>',
        `keep ${kept} for this long, for "pg-evict undo": 1h, 7d (default: ${byDefault})`,
      ).argParser(parseKeeping),
    )
    .option('--no-undo', `do not keep ${kept}`);
}
