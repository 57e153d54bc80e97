import { sweepTestDatabases } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import { runCommand } from '../perform/run-command.js';
import { printSweep } from '../report/sweep.js';
import { blocked, done } from '../terminal/exit-code.js';
import { startProgress } from '../terminal/progress.js';

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
