import { createColors } from 'picocolors';
import { type CommandContext, type ContextOptions, createContext } from '../context/command-context.js';
import type { EndingOptions } from '../options/ending.js';
import type { GlobalOptions } from '../options/global.js';
import type { UndoFlags } from '../options/undo.js';
import { reportFailure } from '../report/failure.js';
import { originLines } from '../report/origins.js';
import { wantsColor } from '../terminal/color.js';
import { listenForInterrupts } from '../terminal/interrupts.js';
import { isVerbose, say, sayStatements } from '../terminal/verbose.js';
import { describeConnectionOrigin } from '../context/engine.js';
import { assertConfirmed } from './confirm.js';

/**
 * Runs a command from its options to its exit code. `callback` prints its output and returns the exit code; its
 * exceptions are printed here.
 */
export async function runCommand(
  database: string | undefined,
  options: GlobalOptions & EndingOptions & UndoFlags,
  callback: (context: CommandContext) => Promise<number>,
  particulars?: ContextOptions,
): Promise<void> {
  const interrupts = listenForInterrupts();
  if (isVerbose(options)) sayStatements();
  let context: CommandContext | undefined;
  try {
    context = await createContext(database, options, interrupts, particulars);
    if (isVerbose(options)) say(originLines(context, createColors(false), undefined).trimEnd());
    assertConfirmed(context);
    process.exitCode = await callback(context);
  } catch (error) {
    reportFailure(error, {
      json: options.json === true,
      color: wantsColor(process.stderr),
      verbose: isVerbose(options),
      source: context === undefined || isAboutPooler(error) ? undefined : originOf(context),
      options: context?.options ?? options,
    });
  } finally {
    interrupts.stop();
  }
}

const originOf = ({ connection, configuration: { sources } }: CommandContext): string =>
  describeConnectionOrigin({ connection, sources });

/** It is not from where the connection is. */
const isAboutPooler = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('The pooler ');
