import type { SweepReport } from '@pg-evict/testing';
import { dropExpiredDatabases, findKeptDatabases, sweepTestDatabases } from '../context/engine.js';
import { isDroppedByFix } from '../doctor/repair.js';
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
  await runCommand(undefined, options, async ({ deadline, deadlineEach, target }) => {
    const progress = startProgress(options);
    const sweeping = async (): Promise<SweepReport> => {
      const report = await sweepTestDatabases(target, { ...deadlineEach, dryRun, kept, templates });
      if (dryRun === true) {
        const expired = (await findKeptDatabases({ database: 'postgres', ...target }, deadline)).filter(
          isDroppedByFix,
        );
        return { ...report, dropped: [...report.dropped, ...expired.map(({ database }) => database)] };
      }
      const expired = await dropExpiredDatabases(target, deadline);
      return {
        ...report,
        dropped: [...report.dropped, ...expired.dropped],
        failed: [...report.failed, ...expired.left],
      };
    };
    const report = await sweeping().finally(progress.stop);
    printSweep(report, options);
    return report.failed.length > 0 ? blocked : done;
  });
}
