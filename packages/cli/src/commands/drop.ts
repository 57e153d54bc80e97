import { dropDatabase } from '../engine.js';
import type { GlobalOptions } from '../global-options.js';
import { performOperation } from '../perform-operation.js';
import { runCommand } from '../run-command.js';

/** `pg-evict drop [database]` */
export async function drop(
  database: string | undefined,
  options: GlobalOptions & { readonly ifExists?: true },
): Promise<void> {
  await runCommand(database, options, (context) =>
    performOperation(
      context,
      (operation) => dropDatabase(context.target, { ...operation, ifExists: options.ifExists }),
      { isDestructive: true },
    ),
  );
}
