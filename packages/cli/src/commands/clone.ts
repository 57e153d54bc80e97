import { cloneDatabase } from '../engine.js';
import { assertName } from '../command-context.js';
import type { GlobalOptions } from '../global-options.js';
import { performOperation } from '../perform-operation.js';
import type { TwoNames } from '../program.js';
import { runCommand } from '../run-command.js';

/** `pg-evict clone [database] <to>` */
export async function clone(
  { database, to }: TwoNames,
  options: GlobalOptions & {
    readonly ifNotExists?: true;
    readonly owner?: string;
    readonly keepSettings?: boolean;
  },
): Promise<void> {
  const { ifNotExists, owner, keepSettings } = options;
  await runCommand(database, options, async (context) => {
    assertName(to);
    return performOperation(context, (operation) =>
      cloneDatabase(context.target, to, { ...operation, ifNotExists, owner, keepSettings }),
    );
  });
}
