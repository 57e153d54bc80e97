import { assertName } from '../context/command-context.js';
import { renameDatabase } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import type { TwoNames } from '../options/positionals.js';
import type { RemedyFlags } from '../options/remedy.js';
import { performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';

/** `pg-evict rename [database] <to>` */
export async function rename(
  { database, to }: TwoNames,
  options: GlobalOptions & RemedyFlags,
): Promise<void> {
  await runCommand(database, options, async (context) => {
    assertName(to);
    const { rollbackPrepared } = options;
    return performOperation(
      context,
      (operation) => renameDatabase(context.target, to, { ...operation, rollbackPrepared }),
      { asks: 'elsewhere', command: 'rename', waitsAfter: 'checked' },
    );
  });
}
