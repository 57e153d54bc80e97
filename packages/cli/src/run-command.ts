import { assertConfirmed } from './assert-confirmed.js';
import { createContext, type CommandContext, type ContextOptions } from './command-context.js';
import type { EndingOptions } from './ending-options.js';
import type { GlobalOptions } from './global-options.js';
import { listenForInterrupts } from './interrupts.js';
import { reportFailure } from './report-failure.js';
import { wantsColor } from './wants-color.js';

/**
 * Runs a command from its options to its exit code. `callback` prints what it has to say and returns the exit code;
 * what it throws is printed here.
 */
export async function runCommand(
  database: string | undefined,
  options: GlobalOptions & EndingOptions,
  callback: (context: CommandContext) => Promise<number>,
  particulars?: ContextOptions,
): Promise<void> {
  const interrupts = listenForInterrupts();
  let context: CommandContext | undefined;
  try {
    context = await createContext(database, options, interrupts, particulars);
    assertConfirmed(context);
    process.exitCode = await callback(context);
  } catch (error) {
    reportFailure(error, {
      json: options.json === true,
      color: wantsColor(process.stderr),
      source: context?.connection.source.description,
    });
  } finally {
    interrupts.stop();
  }
}
