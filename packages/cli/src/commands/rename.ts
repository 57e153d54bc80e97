import { renameDatabase } from '../engine.js';
import { assertName } from '../command-context.js';
import type { GlobalOptions } from '../global-options.js';
import { performOperation } from '../perform-operation.js';
import type { RemedyFlags } from '../remedy-options.js';
import { runCommand } from '../run-command.js';
import type { TwoNames } from '../two-names.js';

/** `pg-evict rename [database] <to>` */
export async function rename(
  { database, to }: TwoNames,
  options: GlobalOptions & RemedyFlags,
): Promise<void> {
  await runCommand(database, options, async (context) => {
    assertName(to);
    const { rollbackPrepared } = options;
    return performOperation(context, (operation) =>
      renameDatabase(context.target, to, { ...operation, rollbackPrepared }),
    );
  });
}
