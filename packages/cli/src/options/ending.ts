import type { ResolvedConfiguration } from '@pg-evict/config';
import type { SessionPattern } from '@pg-evict/core';
import { type Command, Option } from 'commander';
import { parseAge, parseExcept } from './parse.js';

/**
 * The options of every command that terminates sessions; `--drain` for those that need exclusive access to a database.
 */
export interface EndingOptions {
  readonly grace?: number;
  readonly drain?: number;
  readonly except?: readonly SessionPattern[];
}

export function addEndingOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--grace <duration>',
        'wait this long for sessions to disconnect on their own: 5s, 1m',
      ).argParser(parseAge),
    )
    .addOption(
      new Option(
        '--except <pattern>',
        'never terminate these sessions: application=pgAdmin*, user=…, client=10.1.0.0/16; a bare pattern is an application; repeatable, comma lists',
      ).argParser(parseExcept),
    );
}

/** Adds the options of a command that needs exclusive access to a database. */
export function addOperationOptions(command: Command): Command {
  return addEndingOptions(command).addOption(
    new Option(
      '--drain <duration>',
      'let running queries and transactions finish for this long before sessions are terminated: 5s, 1m',
    ).argParser(parseAge),
  );
}

/** How sessions are ended, for core. */
export interface Ending {
  readonly graceMs: number | undefined;
  readonly drainMs: number | undefined;
  readonly keep: readonly SessionPattern[];
}

/** The values of the options, else of the configuration; sessions that either of them keeps are kept. */
export function toEnding(
  { grace, drain, except = [] }: EndingOptions,
  { graceMs, drainMs, keep = [] }: ResolvedConfiguration['sessions'],
): Ending {
  return { graceMs: grace ?? graceMs, drainMs: drain ?? drainMs, keep: [...except, ...keep] };
}
