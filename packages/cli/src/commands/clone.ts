import { assertName } from '../context/command-context.js';
import { cloneDatabase } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import type { TwoNames } from '../options/positionals.js';
import type { RemedyFlags } from '../options/remedy.js';
import { performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';

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
    return performOperation(
      context,
      (operation) =>
        cloneDatabase(context.target, to, {
          ...operation,
          ifNotExists,
          owner,
          keepSettings,
          rollbackPrepared,
        }),
      { asks: 'elsewhere', copies: context.target.database, waitsAfter: 'checked' },
    );
  });
}
