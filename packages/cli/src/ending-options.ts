import type { SessionPattern } from '@pg-evict/core';
import { Option, type Command } from 'commander';
import { parseAge } from './parse-duration.js';
import { parseExcept } from './parse-except.js';

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

/** The same, for core. */
export function toEnding({ grace, except }: EndingOptions): {
  graceMs: number | undefined;
  keep: readonly SessionPattern[] | undefined;
} {
  return { graceMs: grace, keep: except };
}
