import type { TerminationReport } from '@pg-evict/core';
import { connectionWords } from '../options/command-line.js';
import type { GlobalOptions } from '../options/global.js';
import { quoteForShell } from '../terminal/format.js';

/**
 * The command that terminates exactly the sessions that a dry run found, and none that came since or took over a pid.
 * `undefined` if there are none.
 */
export function endThese(
  { database, terminated, cancelled }: TerminationReport,
  options: GlobalOptions & { readonly cancel?: true },
): string | undefined {
  const sessions = cancelled ?? terminated;
  if (sessions.length === 0) return undefined;
  const words = [
    'pg-evict',
    'terminate',
    database,
    ...connectionWords(options),
    ...(options.cancel === true ? ['--cancel'] : []),
    '--pids',
    // If the server hides when a session began, its pid is used.
    sessions.map(({ id, pid }) => id ?? pid).join(','),
  ];
  return words.map(quoteForShell).join(' ');
}
