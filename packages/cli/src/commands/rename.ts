import { createColors } from 'picocolors';
import { assertName, type CommandContext } from '../context/command-context.js';
import { renameDatabase } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import type { TwoNames } from '../options/positionals.js';
import type { RemedyFlags } from '../options/remedy.js';
import { performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';
import { wantsColor } from '../terminal/color.js';
import { quotedName } from '../terminal/shown-name.js';

/**
 * A pooler's clients wait for the end of the rename, and then fail: their alias leads to a name that does not exist.
 */
function warnOfOldName({ options, target }: CommandContext): void {
  const { database, poolers = [] } = target;
  if (poolers.length === 0 || options.quiet === true) return;
  const { yellow } = createColors(wantsColor(process.stderr));
  process.stderr.write(
    `${yellow('note:')} clients of the pooler that connect to ${quotedName(database ?? '')} wait for the rename, and fail after it until the pooler's configuration has the new name.\n`,
  );
}

/** `pg-evict rename [database] <to>` */
export async function rename(
  { database, to }: TwoNames,
  options: GlobalOptions & RemedyFlags,
): Promise<void> {
  await runCommand(database, options, async (context) => {
    assertName(to);
    warnOfOldName(context);
    const { rollbackPrepared } = options;
    return performOperation(
      context,
      (operation) => renameDatabase(context.target, to, { ...operation, rollbackPrepared }),
      { asks: 'elsewhere', command: 'rename', waitsAfter: 'checked' },
    );
  });
}
