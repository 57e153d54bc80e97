import { recreateDatabase } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import type { RemedyFlags } from '../options/remedy.js';
import type { UndoFlags } from '../options/undo.js';
import { performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';

/** `pg-evict recreate [database]` */
export async function recreate(
  database: string | undefined,
  options: GlobalOptions &
    RemedyFlags &
    UndoFlags & {
      readonly ifNotExists?: true;
      readonly template?: string;
      readonly owner?: string;
      readonly keepSettings?: boolean;
    },
): Promise<void> {
  const { ifNotExists, template, owner, keepSettings } = options;
  const { rollbackPrepared, dropSlots, dropSubscriptions } = options;
  const own = { ifNotExists, template, owner, keepSettings, rollbackPrepared, dropSlots, dropSubscriptions };
  await runCommand(database, options, (context) =>
    performOperation(context, (operation) => recreateDatabase(context.target, { ...operation, ...own }), {
      keeps: 'confirmed',
      command: 'recreate',
      copies: template,
      waitsAfter: 'settings-applied',
    }),
  );
}
