import type { TerminationReport } from '@pg-evict/core';
import type { CommandContext } from '../context/command-context.js';
import { previewSessions } from '../report/preview.js';
import { countSessions } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { confirm } from './confirm.js';
import { quotedName } from '../terminal/shown-name.js';

/**
 * Asks before sessions on the server of another machine, or in production, are terminated.
 *
 * @param plan makes a dry run of it
 * @returns whether it was shown and asked
 */
export async function confirmTermination(
  context: CommandContext,
  plan: () => Promise<TerminationReport>,
): Promise<boolean> {
  const confirmation = await confirm(
    context,
    async ({ database, exists, server }) => {
      const { cancelled, terminated } = await plan();
      const sessions = cancelled ?? terminated;
      if (!exists || sessions.length === 0) return undefined;
      const what =
        cancelled === undefined
          ? `Terminate ${countSessions(sessions.length)}`
          : `Cancel the queries of ${countSessions(sessions.length)}`;
      return {
        text: `${what} on ${quotedName(database)} on ${printable(server)}?`,
        preview: (colors) => previewSessions(sessions, colors, context.options),
      };
    },
    'elsewhere',
  );
  return confirmation === 'shown';
}
