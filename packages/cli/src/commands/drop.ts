import { dropDatabase } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import type { RemedyFlags } from '../options/remedy.js';
import type { UndoFlags } from '../options/undo.js';
import { performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';

/** `pg-evict drop [database]` */
export async function drop(
  database: string | undefined,
  options: GlobalOptions & RemedyFlags & UndoFlags & { readonly ifExists?: true },
): Promise<void> {
  const { ifExists, rollbackPrepared, dropSlots, dropSubscriptions, unsetTemplate } = options;
  const own = { ifExists, rollbackPrepared, dropSlots, dropSubscriptions, unsetTemplate };
  await runCommand(database, options, (context) =>
    performOperation(context, (operation) => dropDatabase(context.target, { ...operation, ...own }), {
      keeps: 'asked',
      command: 'drop',
      waitsAfter: 'checked',
    }),
  );
}
