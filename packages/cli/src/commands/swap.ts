import { assertName } from '../context/command-context.js';
import { swapDatabase } from '../context/engine.js';
import type { EndingOptions } from '../options/ending.js';
import type { GlobalOptions } from '../options/global.js';
import type { TwoNames } from '../options/positionals.js';
import type { RemedyFlags } from '../options/remedy.js';
import { performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';

/** `pg-evict swap [database] <other>` */
export async function swap(
  { database, to }: TwoNames,
  options: GlobalOptions & EndingOptions & RemedyFlags,
): Promise<void> {
  await runCommand(database, options, async (context) => {
    assertName(to);
    const { rollbackPrepared } = options;
    return performOperation(
      context,
      (operation) => swapDatabase(context.target, to, { ...operation, rollbackPrepared }),
      { asks: 'elsewhere', command: 'swap', waitsAfter: 'checked' },
    );
  });
}
