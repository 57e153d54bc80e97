import { cloneDatabase } from '../engine.js';
import { assertName } from '../command-context.js';
import type { GlobalOptions } from '../global-options.js';
import { performOperation } from '../perform-operation.js';
import type { RemedyFlags } from '../remedy-options.js';
import { runCommand } from '../run-command.js';
import type { TwoNames } from '../two-names.js';

/** `pg-evict clone [database] <to>` */
export async function clone(
  { database, to }: TwoNames,
  options: GlobalOptions &
    RemedyFlags & {
      readonly ifNotExists?: true;
      readonly owner?: string;
      readonly keepSettings?: boolean;
    },
): Promise<void> {
  const { ifNotExists, owner, keepSettings, rollbackPrepared } = options;
  await runCommand(database, options, async (context) => {
    assertName(to);
    return performOperation(context, (operation) =>
      cloneDatabase(context.target, to, { ...operation, ifNotExists, owner, keepSettings, rollbackPrepared }),
    );
  });
}
