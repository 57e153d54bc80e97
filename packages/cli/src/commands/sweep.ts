import { sweepTestDatabases } from '../engine.js';
import { blocked, done } from '../exit-code.js';
import type { GlobalOptions } from '../global-options.js';
import { printSweep } from '../print-sweep.js';
import { startProgress } from '../progress.js';
import { runCommand } from '../run-command.js';

/** The options of `pg-evict sweep`. */
export interface SweepFlags extends GlobalOptions {
  readonly kept?: true;
  readonly templates?: true;
}

/** `pg-evict sweep` */
export async function sweep(options: SweepFlags): Promise<void> {
  const { dryRun, kept, templates } = options;
  await runCommand(undefined, options, async ({ deadline, target }) => {
    const progress = startProgress(options);
    const report = await sweepTestDatabases(target, { ...deadline, dryRun, kept, templates }).finally(
      progress.stop,
    );
    printSweep(report, options);
    return report.failed.length > 0 ? blocked : done;
  });
}
