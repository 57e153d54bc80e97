import { escapeCharacter, printable } from '@pg-evict/core/internal/text';

/**
 * A name as it is shown in a sentence. In quotes where it is not plain, so that a space at its end, or a letter that
 * looks like another one, is seen; of several spaces in a row all but the first as escapes, as text is wrapped.
 */
export function shownName(name: string): string {
  if (/^[\w.$-]+$/.test(name)) return name;
  const visible = name.replaceAll(/[\t\n\v\f\r]|(?<= ) /g, escapeCharacter);
  return `"${printable(visible)}"`;
}
