import type { OperationOptions } from '@pg-evict/core';
import type { CommandContext } from '../context/command-context.js';
import { printOperation } from '../report/operation.js';
import type { PerformedReport } from '../report/performed.js';
import { blocked, done, sessionsRemain } from '../terminal/exit-code.js';
import { type Progress, startProgress } from '../terminal/progress.js';
import type { Asks } from './confirm.js';
import { confirmOperation } from './confirm-operation.js';

/** An operation of core with its own options filled in; there is no progress to show of a plan. */
export type Perform = (options: OperationOptions, progress?: Progress) => Promise<PerformedReport>;

/** Whether an operation asks first. */
export interface ConfirmOptions {
  /** Something is lost by it: it asks everywhere. @default false */
  readonly isDestructive?: boolean;
  /** Where it asks. @default everywhere if it is destructive, else nowhere */
  readonly asks?: Asks | undefined;
}

/** Runs an operation, asking first where something is lost by it, prints its report and returns the exit code. */
export async function performOperation(
  context: CommandContext,
  perform: Perform,
  { isDestructive = false, asks = isDestructive ? 'everywhere' : undefined }: ConfirmOptions = {},
): Promise<number> {
  const { options } = context;
  const dryRun = options.dryRun === true;
  const operation = { ...context.deadline, ...context.ending };
  const wasShown =
    asks !== undefined &&
    !dryRun &&
    (await confirmOperation(context, async () => perform({ ...operation, dryRun: true }), asks));
  const progress = startProgress(options);
  let report: PerformedReport;
  try {
    report = await perform({ ...operation, dryRun, onStep: progress.step }, progress);
  } finally {
    progress.stop();
  }
  printOperation(report, options, { listsSessions: !wasShown });
  if (report.denied.length > 0) return sessionsRemain;
  return report.blockers.length > 0 ? blocked : done;
}
