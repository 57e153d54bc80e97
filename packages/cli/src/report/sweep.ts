import type { SweepReport } from '@pg-evict/testing';
import { createColors } from 'picocolors';
import type { GlobalOptions } from '../options/global.js';
import { wantsColor } from '../terminal/color.js';
import { toJsonText } from '../terminal/json.js';
import { printable } from '../terminal/printable.js';
import { shownName } from '../terminal/shown-name.js';

/** Prints the databases that were swept, on stdout, and those that could not be, on stderr, also with `--quiet`. */
export function printSweep({ dropped, left, failed, dryRun }: SweepReport, options: GlobalOptions): void {
  if (options.json === true) {
    process.stdout.write(toJsonText({ command: 'sweep', dropped, left, failed, dryRun }));
    return;
  }
  if (options.quiet !== true) {
    const { dim, green, yellow } = createColors(wantsColor(process.stdout));
    const verb = dryRun ? yellow('would drop') : green('dropped');
    const lines = [
      ...dropped.map((database) => `${verb} ${shownName(database)}`),
      ...left.map(
        ({ database, reason }) => `${dim('left')} ${shownName(database)}${dim(`: ${printable(reason)}`)}`,
      ),
    ];
    if (dropped.length === 0) lines.push('There is nothing to sweep.');
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }
  const { red } = createColors(wantsColor(process.stderr));
  for (const { database, reason } of failed) {
    process.stderr.write(`${red('not dropped:')} ${shownName(database)}: ${printable(reason)}\n`);
  }
}
