import { isBuiltIn } from '@pg-evict/core/internal/text';
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
  // PostgreSQL's own templates have sessions that are waited for, not terminated.
  const terminates = template !== undefined && !isBuiltIn(template);
  await runCommand(database, options, (context) =>
    performOperation(
      context,
      (operation) => createDatabase(context.target, { ...operation, ifNotExists, template, owner }),
      {
        asks: terminates ? 'elsewhere' : undefined,
        copies: template,
        waitsAfter: template === undefined ? undefined : 'checked',
      },
    ),
  );
}
