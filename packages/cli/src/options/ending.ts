import type { ResolvedConfiguration } from '@pg-evict/config';
import type { SessionPattern } from '@pg-evict/core';
import { type Command, Option } from 'commander';
import { parseAge, parseExcept } from './parse.js';

/** The options of every command that ends sessions. */
export interface EndingOptions {
  readonly grace?: number;
  readonly except?: readonly SessionPattern[];
}

export function addEndingOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--grace <duration>',
        'first wait so long for sessions to leave by themselves: 5s, 1m',
      ).argParser(parseAge),
    )
    .addOption(
      new Option(
        '--except <pattern>',
        'never end these sessions: application=pgAdmin*, user=…, client=10.1.0.0/16; a bare pattern is an application; repeatable, comma lists',
      ).argParser(parseExcept),
    );
}

/** How sessions are ended, for core. */
export interface Ending {
  readonly graceMs: number | undefined;
  readonly keep: readonly SessionPattern[];
}

/** What the options say, else the configuration; sessions that either of them keeps are kept. */
export function toEnding(
  { grace, except = [] }: EndingOptions,
  { graceMs, keep = [] }: ResolvedConfiguration['sessions'],
): Ending {
  return { graceMs: grace ?? graceMs, keep: [...except, ...keep] };
}
