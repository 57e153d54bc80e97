import { describeDatabase, protectDatabase } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import { runCommand } from '../perform/run-command.js';
import { printProtection } from '../report/protection.js';
import { done } from '../terminal/exit-code.js';

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
