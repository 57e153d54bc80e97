import { terminateSessions } from '../engine.js';
import { done, sessionsRemain } from '../exit-code.js';
import type { GlobalOptions } from '../global-options.js';
import { printTermination } from '../print-termination.js';
import { startProgress } from '../progress.js';
import { requireExisting } from '../require-existing.js';
import { runCommand } from '../run-command.js';

/** `pg-evict terminate [database]` */
export async function terminate(database: string | undefined, options: GlobalOptions): Promise<void> {
  await runCommand(database, options, async (context) => {
    const { target, deadline } = context;
    const progress = startProgress(options);
    const report = await terminateSessions(target, { ...deadline, dryRun: options.dryRun === true }).finally(
      progress.stop,
    );
    const found = report.terminated.length + report.denied.length + report.remaining.length;
    if (found === 0) await requireExisting(context);
    printTermination(report, options);
    return report.denied.length > 0 || report.remaining.length > 0 ? sessionsRemain : done;
  });
}
