export { printable, printableLines } from '@pg-evict/core/internal/text';

/** A longer message is not readable; a statement that it quotes may have megabytes. */
const longest = 10_000;

/** A message, cut to a readable length. */
export function shortened(message: string): string {
  const rest = message.length - longest;
  return rest > 0 ? `${message.slice(0, longest)}… (${rest} more characters)` : message;
}

/** Masks the password in `user:password@`, which is what a URL without its scheme looks like. */
export function maskLogins(message: string): string {
  return message.replaceAll(/[^\s'"@]+@?/g, (piece) => {
    if (!piece.endsWith('@')) return piece;
    // Not that of a scheme, or of the rest of one in a path.
    const first = piece.search(/:(?!\/)/);
    const colon = first === -1 && !piece.includes('://') ? piece.indexOf(':') : first;
    return colon < 1 ? piece : `${piece.slice(0, colon)}:***@`;
  });
}

/** Masks every part of a message that may be a password: URLs, and values of `--option=value`. */
export function redactPasswords(message: string): string {
  return (
    maskLogins(message)
      .replaceAll(/[a-z][\w+.-]{0,40}:\/\/[^\s']*/gi, '(URL)')
      // One attempt for each word: attempts from within a long word would take for ever.
      .replaceAll(/(?<![\w-])(?=[\w-]*?--[\w-])(?=(?<option>[\w-]+))\k<option>=[^']*/g, '$<option>=…')
      .replaceAll(/(password\s*=\s*)[^\s']+/gi, '$1…')
  );
}
