import { confirm } from '../confirm.js';
import { describeDatabase, unprotectDatabase } from '../engine.js';
import { done } from '../exit-code.js';
import type { GlobalOptions } from '../global-options.js';
import { printProtection } from '../print-protection.js';
import { printable } from '../printable.js';
import { runCommand } from '../run-command.js';

/** `pg-evict unprotect [database]` */
export async function unprotect(database: string | undefined, options: GlobalOptions): Promise<void> {
  await runCommand(database, options, async (context) => {
    const { deadline, target } = context;
    if (options.dryRun === true) {
      const { protection, ...described } = await describeDatabase(target, deadline);
      const planned = { database: described.database, protected: false, reason: null };
      printProtection('unprotect', { ...planned, changed: protection !== null }, options);
      return done;
    }
    await confirm(context, ({ protection }) =>
      Promise.resolve(
        protection === null
          ? undefined
          : {
              verb: 'unprotect',
              loss: ' so that it can be dropped, recreated, renamed and its sessions ended',
              preview: ({ dim }) =>
                protection === '' ? [] : [`${dim('reason  ')}  ${printable(protection)}`],
            },
      ),
    );
    printProtection('unprotect', await unprotectDatabase(target, deadline), options);
    return done;
  });
}
