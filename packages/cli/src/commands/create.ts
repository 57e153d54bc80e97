import { createDatabase } from '../engine.js';
import type { GlobalOptions } from '../global-options.js';
import { performOperation } from '../perform-operation.js';
import { runCommand } from '../run-command.js';

/** `pg-evict create [database]` */
export async function create(
  database: string | undefined,
  options: GlobalOptions & {
    readonly ifNotExists?: true;
    readonly template?: string;
    readonly owner?: string;
  },
): Promise<void> {
  const { ifNotExists, template, owner } = options;
  await runCommand(database, options, (context) =>
    performOperation(context, (operation) =>
      createDatabase(context.target, { ...operation, ifNotExists, template, owner }),
    ),
  );
}
