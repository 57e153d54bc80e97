import { subscribe } from 'node:diagnostics_channel';
import type { Trace } from '@pg-evict/core';
import { createColors } from 'picocolors';
import { wantsColor } from './color.js';
import { maskLogins, printable } from './printable.js';

/** Whether the command reports its steps: `--verbose`, or `DEBUG=pg-evict`. */
export const isVerbose = ({ verbose }: { readonly verbose?: true }): boolean =>
  verbose === true || process.env['DEBUG'] === 'pg-evict';

/** Prints on stderr, in order, each connection that is made and each statement, with its time. */
export function sayStatements(): void {
  subscribe('pg-evict:trace', (message) => {
    const { failed, ms, pid, what, where } = message as Trace;
    const { dim, red } = createColors(wantsColor(process.stderr));
    const facts = `${formatMs(ms)}  ${maskLogins(printable(where))}${pid === undefined ? '' : ` (${pid})`}`;
    const failure = failed === undefined ? '' : `  ${red(`failed: ${maskLogins(printable(failed))}`)}`;
    process.stderr.write(`${dim(facts)}  ${printable(what)}${failure}\n`);
  });
}

/** Prints other text on stderr, between the statements. */
export function say(text: string): void {
  const { dim } = createColors(wantsColor(process.stderr));
  process.stderr.write(`${dim(maskLogins(text))}\n`);
}

const formatMs = (ms: number): string => `${ms.toFixed(1)} ms`.padStart(10);
