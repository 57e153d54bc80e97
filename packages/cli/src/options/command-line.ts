import { quoteForShell } from '../terminal/format.js';
import { withoutPassword } from '../terminal/without-password.js';
import type { GlobalOptions } from './global.js';

/**
 * A command to be copied, which leads to the same server as the one that prints it. A password in a URL is left out;
 * the user has to enter it again.
 *
 * @param database a name that begins with a hyphen is put after `--`
 */
export function commandLine(command: string, database: string | undefined, options: GlobalOptions): string {
  const words = ['pg-evict', ...command.split(' '), ...connectionWords(options)];
  if (database === undefined) return words.map(quoteForShell).join(' ');
  const named = database.startsWith('-') ? [...words, '--', database] : words.toSpliced(2, 0, database);
  return named.map(quoteForShell).join(' ');
}

/** The options that lead to a server, as they were given. */
export function connectionWords(options: GlobalOptions): string[] {
  const given = (flag: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [flag, withoutPassword(String(value))];
  return [
    ...given('-d', options.url),
    ...given('-h', options.host),
    ...given('-p', options.port),
    ...given('-U', options.username),
    ...given('--maintenance-db', options.maintenanceDb),
    ...(options.pooler ?? []).flatMap((url) => given('--pooler', url)),
    ...given('--config', options.config),
    ...given('--knexfile', options.knexfile),
    ...given('--env', options.env),
  ];
}
