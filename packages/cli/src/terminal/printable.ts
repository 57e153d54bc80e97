export { printable, printableLines, escapeCharacter as escape } from '@pg-evict/core/internal/text';

/** Takes out of a message whatever in it may be a password: URLs, and values of `--option=value`. */
export function redactPasswords(message: string): string {
  return message
    .replaceAll(/\b[a-z][\w+.-]*:\/\/[^\s']*/gi, '(URL)')
    .replaceAll(/(--[\w-]+)=[^']*/g, '$1=…')
    .replaceAll(/(password\s*=\s*)[^\s']+/gi, '$1…');
}
