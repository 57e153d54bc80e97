import { createColors } from 'picocolors';
import type { CommandContext } from '../command-context.js';
import { examine } from '../examine.js';
import { exitCodeOfFindings, findingsOf } from '../findings.js';
import type { GlobalOptions } from '../global-options.js';
import { originLines, printExamination } from '../print-examination.js';
import { startProgress } from '../progress.js';
import { repair } from '../repair.js';
import { runCommand } from '../run-command.js';
import { wantsColor } from '../wants-color.js';

/** `pg-evict doctor [database]` */
export async function doctor(
  database: string | undefined,
  options: GlobalOptions & { readonly fix?: true },
): Promise<void> {
  const fix = options.fix === true && options.dryRun !== true;
  const visit = async (context: CommandContext): Promise<number> => {
    const isText = options.json !== true && options.quiet !== true;
    // Before anything is asked of the server: this helps most where it cannot be reached.
    if (isText) process.stdout.write(originLines(context, createColors(wantsColor(process.stdout))));
    const progress = startProgress(options);
    const look = async (): ReturnType<typeof examine> => examine(context).finally(progress.stop);
    let examination = await look();
    const fixes = fix && examination.leftovers.length > 0;
    const repairs = fixes ? await repair(context, examination.leftovers) : [];
    if (fixes) examination = await look();
    const findings = findingsOf(examination);
    const exitCode = exitCodeOfFindings(findings);
    printExamination({ context, examination, findings, repairs, isWell: exitCode === 0 }, options);
    return exitCode;
  };
  await runCommand(database, options, visit, { readsOnly: !fix });
}
