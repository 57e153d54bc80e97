import type { OperationOptions, OperationStep, UndoOptions } from '@pg-evict/core';
import type { CommandContext } from '../context/command-context.js';
import { ofCommand } from '../context/engine.js';
import { printOperation } from '../report/operation.js';
import type { PerformedReport } from '../report/performed.js';
import { blocked, done, sessionsRemain } from '../terminal/exit-code.js';
import { type Progress, startProgress } from '../terminal/progress.js';
import type { Asks } from './confirm.js';
import { confirmOperation } from './confirm-operation.js';
import { followOperation, type LongSteps } from './follow-operation.js';
import { type Keeps, undoOptionsOf } from './undo-options.js';

/** An operation of core with its own options filled in; a plan has no progress. */
export type Perform = (
  options: OperationOptions & UndoOptions,
  progress?: Progress,
) => Promise<PerformedReport>;

/** Whether an operation asks first, and which part of it takes long. */
export interface PerformOptions extends LongSteps {
  /** Whether it asks everywhere or elsewhere. @default everywhere if it replaces something, else nowhere */
  readonly asks?: Asks | undefined;
  /**
   * When it keeps the content that it replaces or drops, which would otherwise be lost. @default it replaces nothing
   */
  readonly keeps?: Keeps | undefined;
  /** The name of the command: an operation with one also drops expired kept content. @default it does not */
  readonly command?: string;
}

/** Runs an operation, asking first if something is lost by it, prints its report and returns the exit code. */
export async function performOperation(
  context: CommandContext,
  perform: Perform,
  {
    keeps,
    asks = keeps === undefined ? undefined : 'everywhere',
    command,
    ...longSteps
  }: PerformOptions = {},
): Promise<number> {
  const { options } = context;
  const dryRun = options.dryRun === true;
  const given = { ...context.deadline, ...context.ending };
  const optionsOf = (isMeant: boolean): OperationOptions & UndoOptions => {
    const undo = keeps === undefined ? {} : undoOptionsOf(context, keeps, isMeant);
    return command === undefined ? { ...given, ...undo } : ofCommand({ ...given, ...undo }, command);
  };
  const plan = async (): Promise<PerformedReport> => perform({ ...optionsOf(true), dryRun: true });
  const confirmation =
    asks === undefined || dryRun ? undefined : await confirmOperation(context, plan, asks, longSteps.copies);
  const wouldBeMeant =
    dryRun && (options.confirm !== undefined || (options.yes !== true && process.stdin.isTTY));
  const isMeant = confirmation !== undefined || wouldBeMeant;
  const progress = startProgress(options);
  const follower = followOperation(context, progress, longSteps);
  const onStep = (step: OperationStep): void => {
    if (step !== 'checked' || longSteps.waitsAfter === step) progress.step(step);
    else progress.say('Creating the database');
    if (dryRun) progress.say('Looking at the sessions');
    follower.step(step);
  };
  let report: PerformedReport;
  try {
    report = await perform({ ...optionsOf(isMeant), dryRun, onStep }, progress);
  } finally {
    follower.stop();
    progress.stop();
  }
  printOperation(report, options, { listsSessions: confirmation !== 'shown' });
  if (report.denied.length > 0) return sessionsRemain;
  return report.blockers.length > 0 ? blocked : done;
}
