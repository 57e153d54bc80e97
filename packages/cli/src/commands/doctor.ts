import { createColors } from 'picocolors';
import type { CommandContext } from '../context/command-context.js';
import { sharedDeadline } from '../context/engine.js';
import { examine } from '../doctor/examine.js';
import { exitCodeOfFindings, findingsOf } from '../doctor/findings.js';
import { printExamination } from '../doctor/print.js';
import { dropExpired, isDroppedByFix, repair, resumePaused } from '../doctor/repair.js';
import type { GlobalOptions } from '../options/global.js';
import { runCommand } from '../perform/run-command.js';
import { originLines } from '../report/origins.js';
import { wantsColor } from '../terminal/color.js';
import { startProgress } from '../terminal/progress.js';
import { textWidth } from '../terminal/wrap.js';

/** `pg-evict doctor [database]` */
export async function doctor(
  database: string | undefined,
  options: GlobalOptions & { readonly fix?: true },
): Promise<void> {
  const fix = options.fix === true && options.dryRun !== true;
  const visit = async (context: CommandContext): Promise<number> => {
    const isText = options.json !== true && options.quiet !== true;
    // Before anything is sent to the server: this is most useful if the server cannot be reached.
    if (isText) {
      const colors = createColors(wantsColor(process.stdout));
      const settings = originLines(context, colors, textWidth(process.stdout));
      process.stdout.write(`${colors.bold('Settings')}\n${settings}\n`);
    }
    const progress = startProgress(options);
    const look = async (): ReturnType<typeof examine> =>
      examine({ ...context, deadline: sharedDeadline(context.deadlineEach) }).finally(progress.stop);
    let examination = await look();
    const expired = examination.kept.some(isDroppedByFix);
    const isPaused = examination.paused.some(({ operating }) => !operating);
    const fixes = fix && (examination.leftovers.length > 0 || expired || isPaused);
    const repairs = fixes ? await repair(context, examination.leftovers) : [];
    if (fix && expired) repairs.push(...(await dropExpired(context)));
    if (fix && isPaused) repairs.push(...(await resumePaused(context)));
    if (fixes) examination = await look();
    const findings = findingsOf(examination, options);
    const exitCode = exitCodeOfFindings(findings);
    printExamination({ context, examination, findings, repairs, isWell: exitCode === 0 }, options);
    return exitCode;
  };
  await runCommand(database, options, visit, { readsOnly: !fix });
}
