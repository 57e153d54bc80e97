import { escapeCharacter, printable } from '@pg-evict/core/internal/text';

/**
 * A name as it is shown in a sentence. In quotes where it is not plain, so that a space at its end, or a letter that
 * looks like another one, is seen.
 */
export function shownName(name: string): string {
  return /^[\w.$-]+$/.test(name) ? name : quotedName(name);
}

/** The same, always in quotes. Of several spaces in a row all but the first are escapes, as text is wrapped. */
export function quotedName(name: string): string {
  const visible = name.replaceAll(/[\t\n\v\f\r]|(?<= ) /g, escapeCharacter);
  return `"${printable(visible)}"`;
}
