import { undoDatabase } from '../context/engine.js';
import type { EndingOptions } from '../options/ending.js';
import type { GlobalOptions } from '../options/global.js';
import type { RemedyFlags } from '../options/remedy.js';
import type { UndoFlags } from '../options/undo.js';
import { performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';

/** `pg-evict undo [database]` */
export async function undo(
  database: string | undefined,
  options: GlobalOptions & EndingOptions & RemedyFlags & UndoFlags,
): Promise<void> {
  const { rollbackPrepared, dropSlots, dropSubscriptions } = options;
  const own = { rollbackPrepared, dropSlots, dropSubscriptions };
  await runCommand(database, options, (context) =>
    performOperation(context, (operation) => undoDatabase(context.target, { ...operation, ...own }), {
      keeps: 'always',
      command: 'undo',
      waitsAfter: 'checked',
    }),
  );
}
