import type { CommandContext } from '../command-context.js';
import { endThese } from '../end-these.js';
import type { EndingOptions } from '../ending-options.js';
import { describeDatabase, listSessions, terminateSessions } from '../engine.js';
import { done, sessionsRemain } from '../exit-code.js';
import { toFilter, type FilterOptions } from '../filter-options.js';
import type { GlobalOptions } from '../global-options.js';
import { filtersByHidden, hiddenNote, isHidden } from '../hidden-sessions.js';
import { printTermination } from '../print-termination.js';
import { startProgress } from '../progress.js';
import { runCommand } from '../run-command.js';

/** The options of `pg-evict terminate`. */
export interface TerminateOptions extends GlobalOptions, FilterOptions, EndingOptions {
  readonly cancel?: true;
}

/** `pg-evict terminate [database]` */
export async function terminate(database: string | undefined, options: TerminateOptions): Promise<void> {
  await runCommand(database, options, async (context) => {
    const { target, deadline, ending } = context;
    const progress = startProgress(options);
    const report = await terminateSessions(target, {
      ...deadline,
      ...ending,
      filter: toFilter(options),
      cancel: options.cancel,
      dryRun: options.dryRun === true,
    }).finally(progress.stop);
    printTermination(report, options, endThese(report, options));
    // What was done is told already, whether this can be found out or not.
    if (filtersByHidden(options)) await warnOfHidden(context).catch(() => undefined);
    return report.denied.length > 0 || report.remaining.length > 0 ? sessionsRemain : done;
  });
}

/** To whoever looks for sessions that hang, those that cannot be judged are not those that do not. */
async function warnOfHidden({ target, deadline }: CommandContext): Promise<void> {
  const hidden = (await listSessions(target, deadline)).filter(isHidden).length;
  if (hidden === 0) return;
  const { role } = await describeDatabase(target, deadline);
  process.stderr.write(`${hiddenNote(hidden, role, true)}\n`);
}
