import { createDatabase } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import { performOperation } from '../perform/perform-operation.js';
import { runCommand } from '../perform/run-command.js';

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
    performOperation(
      context,
      (operation) => createDatabase(context.target, { ...operation, ifNotExists, template, owner }),
      { copies: template, waitsAfter: template === undefined ? undefined : 'checked' },
    ),
  );
}
