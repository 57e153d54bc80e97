import { dropDatabase } from '../engine.js';
import type { GlobalOptions } from '../global-options.js';
import { performOperation } from '../perform-operation.js';
import type { RemedyFlags } from '../remedy-options.js';
import { runCommand } from '../run-command.js';

/** `pg-evict drop [database]` */
export async function drop(
  database: string | undefined,
  options: GlobalOptions & RemedyFlags & { readonly ifExists?: true },
): Promise<void> {
  const { ifExists, rollbackPrepared, dropSlots, dropSubscriptions, unsetTemplate } = options;
  const own = { ifExists, rollbackPrepared, dropSlots, dropSubscriptions, unsetTemplate };
  await runCommand(database, options, (context) =>
    performOperation(context, (operation) => dropDatabase(context.target, { ...operation, ...own }), {
      isDestructive: true,
    }),
  );
}
