import { createColors } from 'picocolors';
import { redactQuery } from '../context/engine.js';
import { wantsColor } from '../terminal/color.js';
import { printable } from '../terminal/printable.js';
import { shownName } from '../terminal/shown-name.js';
import type { PerformedReport } from './performed.js';

/** Prints the settings that the new database does not have, on stderr. */
export function warnOfNotCarriedOver({ notCarriedOver }: PerformedReport): void {
  const { yellow } = createColors(wantsColor(process.stderr));
  for (const { setting, reason } of notCarriedOver) {
    process.stderr.write(
      `${yellow('warning:')} not carried over: ${printable(setting)} (${printable(reason)})\n`,
    );
  }
}

/** Prints failures at poolers, on stderr. */
export function warnOfPoolers({ poolers }: Pick<PerformedReport, 'poolers'>): void {
  const { yellow } = createColors(wantsColor(process.stderr));
  for (const { url, failure } of poolers) {
    if (failure !== null)
      process.stderr.write(`${yellow('warning:')} ${printable(url)}: ${printable(failure)}.\n`);
  }
}

/** How many of the statements that were left out for one reason are named; JSON has all. */
const skippedAtMost = 3;

/** Prints the parts of a dump that were left out, on stderr. */
export function warnOfSkipped({ skipped = [] }: PerformedReport): void {
  const { yellow } = createColors(wantsColor(process.stderr));
  const byReason = new Map<string, string[]>();
  for (const { reason, statement } of skipped) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), statement]);
  }
  for (const [reason, statements] of byReason) {
    const named = statements.slice(0, skippedAtMost).map((statement) => printable(redactQuery(statement)));
    const more = statements.length - named.length;
    const text = `${named.join('; ')}${more === 0 ? '' : `; and ${more} more`}`;
    process.stderr.write(`${yellow('left out:')} ${text} (${printable(reason)})\n`);
  }
}

/** Prints the databases that could not be dropped, on stderr. */
export function warnOfLeftovers({ leftovers }: Pick<PerformedReport, 'leftovers'>): void {
  const { yellow } = createColors(wantsColor(process.stderr));
  for (const { database, reason } of leftovers) {
    process.stderr.write(`${yellow('warning:')} left aside: ${shownName(database)} (${printable(reason)})\n`);
  }
}
