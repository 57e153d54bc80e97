import { describeDatabase, protectDatabase } from '../engine.js';
import { done } from '../exit-code.js';
import type { GlobalOptions } from '../global-options.js';
import { printProtection } from '../print-protection.js';
import { runCommand } from '../run-command.js';

/** `pg-evict protect [database]` */
export async function protect(
  database: string | undefined,
  options: GlobalOptions & { readonly reason?: string },
): Promise<void> {
  const { dryRun = false } = options;
  await runCommand(database, options, async ({ deadline, target }) => {
    if (dryRun) {
      const { protection, ...described } = await describeDatabase(target, deadline);
      const reason = options.reason ?? protection ?? '';
      const planned = { database: described.database, protected: true, reason };
      printProtection('protect', { ...planned, changed: protection !== reason }, options);
    } else {
      printProtection('protect', await protectDatabase(target, options.reason, deadline), options);
    }
    return done;
  });
}
