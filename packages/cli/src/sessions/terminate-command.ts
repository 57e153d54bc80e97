import type { TerminationReport } from '@pg-evict/core';
import type { GlobalOptions } from '../options/global.js';
import { quoteForShell } from '../terminal/format.js';
import { withoutPassword } from '../terminal/without-password.js';

/**
 * The command that ends exactly the sessions a dry run found, and nobody who came since or took over a pid.
 * `undefined` if there are none.
 */
export function endThese(
  { database, terminated, cancelled }: TerminationReport,
  options: GlobalOptions & { readonly cancel?: true },
): string | undefined {
  const sessions = cancelled ?? terminated;
  if (sessions.length === 0) return undefined;
  const given = (flag: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [flag, String(value)];
  const words = [
    'pg-evict',
    'terminate',
    database,
    ...given('-d', options.url === undefined ? undefined : withoutPassword(options.url)),
    ...given('-h', options.host),
    ...given('-p', options.port),
    ...given('-U', options.username),
    ...given('--maintenance-db', options.maintenanceDb),
    ...(options.cancel === true ? ['--cancel'] : []),
    '--pids',
    // Where the server hides when a session began, its pid has to do.
    sessions.map(({ id, pid }) => id ?? pid).join(','),
  ];
  return words.map(quoteForShell).join(' ');
}
