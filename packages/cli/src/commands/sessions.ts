import { listSessions } from '../engine.js';
import { createColors } from 'picocolors';
import { done } from '../exit-code.js';
import type { GlobalOptions } from '../global-options.js';
import { countSessions } from '../preview.js';
import { printable } from '../printable.js';
import { startProgress } from '../progress.js';
import { requireExisting } from '../require-existing.js';
import { runCommand } from '../run-command.js';
import { sessionTable } from '../session-table.js';
import { toJsonSession } from '../to-json-session.js';
import { toJsonText } from '../to-json-text.js';
import { wantsColor } from '../wants-color.js';

/** `pg-evict sessions [database]` */
export async function sessions(database: string | undefined, options: GlobalOptions): Promise<void> {
  await runCommand(database, options, async (context) => {
    const { target, deadline } = context;
    const progress = startProgress(options);
    const found = await listSessions(target, deadline).finally(progress.stop);
    if (found.length === 0) await requireExisting(context);
    const name = target.database ?? '';
    if (options.json === true) {
      process.stdout.write(toJsonText({ database: name, sessions: found.map(toJsonSession) }));
    } else if (options.quiet !== true) {
      const colors = createColors(wantsColor(process.stdout));
      const count = found.length === 0 ? 'No session' : countSessions(found.length);
      const table = found.length === 0 ? '' : `${sessionTable(found, colors, process.stdout.columns)}\n`;
      process.stdout.write(`${table}${count} on ${colors.bold(printable(name))}.\n`);
    }
    return done;
  });
}
