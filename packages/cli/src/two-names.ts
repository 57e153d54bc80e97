import type { Command } from 'commander';

/** The two names of `rename` and `clone`; the first may be left out. */
export interface TwoNames {
  readonly database: string | undefined;
  readonly to: string;
}

export function splitNames(names: readonly string[], command: Command): TwoNames {
  const [first = '', second] = names;
  if (names.length === 0) command.error(`error: the new name is missing. Expected: [database] <to>`);
  if (names.length > 2)
    command.error(`error: too many arguments for '${command.name()}'. Expected: [database] <to>`);
  return second === undefined ? { database: undefined, to: first } : { database: first, to: second };
}
