import type { TerminationReport } from '@pg-evict/core';
import type { CommandContext } from '../context/command-context.js';
import { describeDatabase, listSessions, terminateSessions } from '../context/engine.js';
import type { EndingOptions } from '../options/ending.js';
import { type FilterOptions, toFilter } from '../options/filter.js';
import type { GlobalOptions } from '../options/global.js';
import { confirmTermination } from '../perform/confirm-termination.js';
import { followOperation } from '../perform/follow-operation.js';
import { runCommand } from '../perform/run-command.js';
import { printTermination } from '../report/termination.js';
import { filtersByHidden, hiddenNote, isHidden } from '../sessions/hidden.js';
import { endThese } from '../sessions/terminate-command.js';
import { done, sessionsRemain } from '../terminal/exit-code.js';
import { startProgress } from '../terminal/progress.js';

/** The options of `pg-evict terminate`. */
export interface TerminateOptions extends GlobalOptions, FilterOptions, EndingOptions {
  readonly cancel?: true;
}

/** `pg-evict terminate [database]` */
export async function terminate(database: string | undefined, options: TerminateOptions): Promise<void> {
  await runCommand(database, options, async (context) => {
    const { target, deadline, ending } = context;
    const end = async (dryRun: boolean): Promise<TerminationReport> =>
      terminateSessions(target, {
        ...deadline,
        graceMs: ending.graceMs,
        keep: ending.keep,
        filter: toFilter(options),
        cancel: options.cancel,
        dryRun,
      });
    const wasShown = options.dryRun !== true && (await confirmTermination(context, async () => end(true)));
    const progress = startProgress(options);
    const follower = followOperation(context, progress, { waitsAfter: 'checked', filter: toFilter(options) });
    follower.step('checked');
    progress.say(options.dryRun === true ? 'Looking at the sessions' : 'Terminating the sessions');
    const report = await end(options.dryRun === true).finally(() => {
      follower.stop();
      progress.stop();
    });
    printTermination(report, options, { endThese: endThese(report, options), listsSessions: !wasShown });
    // The result is already printed, even if this query fails.
    if (filtersByHidden(options)) await warnOfHidden(context).catch(() => undefined);
    return report.denied.length > 0 || report.remaining.length > 0 ? sessionsRemain : done;
  });
}

/** If the server hides the state of sessions, an empty result does not mean that no session hangs. */
async function warnOfHidden({ target, deadline }: CommandContext): Promise<void> {
  const hidden = (await listSessions(target, deadline)).filter(isHidden).length;
  if (hidden === 0) return;
  const { role } = await describeDatabase(target, deadline);
  process.stderr.write(`${hiddenNote(hidden, role, true)}\n`);
}
