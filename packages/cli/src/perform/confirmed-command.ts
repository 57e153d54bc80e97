import { quoteForShell } from '../terminal/format.js';
import { withoutPassword } from '../terminal/without-password.js';

/** Options that a confirmed command does not need: `--confirm` is stronger. */
const superseded = new Set(['-y', '--yes']);

/**
 * The command as it was given, with `--confirm`: to be copied from a refusal. A password in a URL is left out; the user
 * has to enter it again.
 *
 * @param words the words of the command line
 */
export function confirmedCommand(words: readonly string[], database: string): string {
  const separator = words.indexOf('--');
  const own = separator === -1 ? words : words.slice(0, separator);
  const rest = separator === -1 ? [] : words.slice(separator);
  return ['pg-evict', ...own.filter((word) => !superseded.has(word)), '--confirm', database, ...rest]
    .map((word) => quoteForShell(withoutPassword(word)))
    .join(' ');
}
