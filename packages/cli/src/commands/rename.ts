import { renameDatabase } from '../engine.js';
import { assertName } from '../command-context.js';
import type { GlobalOptions } from '../global-options.js';
import { performOperation } from '../perform-operation.js';
import type { TwoNames } from '../program.js';
import { runCommand } from '../run-command.js';

/** `pg-evict rename [database] <to>` */
export async function rename({ database, to }: TwoNames, options: GlobalOptions): Promise<void> {
  await runCommand(database, options, async (context) => {
    assertName(to);
    return performOperation(context, (operation) => renameDatabase(context.target, to, operation));
  });
}
