import type { ProtectionReport } from '@pg-evict/core';
import { createColors } from 'picocolors';
import type { GlobalOptions } from '../options/global.js';
import { because } from '../sessions/list.js';
import { wantsColor } from '../terminal/color.js';
import { toJsonText } from '../terminal/json.js';
import { shownName } from '../terminal/shown-name.js';

/** Prints whether a database is protected now, or with `--dry-run` would be. */
export function printProtection(
  command: 'protect' | 'unprotect',
  report: ProtectionReport,
  options: GlobalOptions,
): void {
  const { database, protected: isProtected, reason, changed } = report;
  const dryRun = options.dryRun === true;
  if (options.json === true) {
    process.stdout.write(toJsonText({ command, database, protected: isProtected, reason, changed, dryRun }));
  } else if (options.quiet !== true) {
    const { bold, green, yellow } = createColors(wantsColor(process.stdout));
    const state = isProtected ? `protected${because(reason ?? '')}` : 'not protected';
    const changedState = isProtected ? `now ${state}` : 'no longer protected';
    const name = bold(shownName(database));
    process.stdout.write(
      dryRun && changed
        ? `${yellow(`Would ${command}`)} ${name}${because(reason ?? '')}. Nothing was changed.\n`
        : `${name} is ${changed ? `${green(changedState)}.` : `${state}; nothing to do.`}\n`,
    );
  }
}
