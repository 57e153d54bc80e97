import { escapeCharacter, printable } from '@pg-evict/core/internal/text';

/**
 * A name as it is shown in a sentence. In quotes if it is not plain, so that a space at its end, or a letter that looks
 * like another one, is visible.
 */
export function shownName(name: string): string {
  return /^[\w.$-]+$/.test(name) ? name : quotedName(name);
}

/** The same, always in quotes. Several spaces in a row are escaped except for the first, because text is wrapped. */
export function quotedName(name: string): string {
  const visible = name.replaceAll(/[\t\n\v\f\r]|(?<= ) /g, escapeCharacter);
  return `"${printable(visible)}"`;
}
