import { describeDatabase, unprotectDatabase } from '../context/engine.js';
import type { GlobalOptions } from '../options/global.js';
import { confirm } from '../perform/confirm.js';
import { runCommand } from '../perform/run-command.js';
import { printProtection } from '../report/protection.js';
import { done } from '../terminal/exit-code.js';
import { printable } from '../terminal/printable.js';
import { quotedName } from '../terminal/shown-name.js';

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
    await confirm(context, ({ database: name, protection, server }) =>
      Promise.resolve(
        protection === null
          ? undefined
          : {
              text: `Unprotect ${quotedName(name)} on ${printable(server)}? It can then be dropped, recreated and renamed, and its sessions terminated.`,
              preview: ({ dim }) =>
                protection === '' ? [] : [`${dim('reason  ')}  ${printable(protection)}`],
            },
      ),
    );
    printProtection('unprotect', await unprotectDatabase(target, deadline), options);
    return done;
  });
}
