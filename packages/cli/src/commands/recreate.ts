import { recreateDatabase } from '../engine.js';
import type { GlobalOptions } from '../global-options.js';
import { performOperation } from '../perform-operation.js';
import { runCommand } from '../run-command.js';

/** `pg-evict recreate [database]` */
export async function recreate(
  database: string | undefined,
  options: GlobalOptions & {
    readonly ifNotExists?: true;
    readonly template?: string;
    readonly owner?: string;
    readonly keepSettings?: boolean;
  },
): Promise<void> {
  const { ifNotExists, template, owner, keepSettings } = options;
  await runCommand(database, options, (context) =>
    performOperation(
      context,
      (operation) =>
        recreateDatabase(context.target, { ...operation, ifNotExists, template, owner, keepSettings }),
      { isDestructive: true },
    ),
  );
}
