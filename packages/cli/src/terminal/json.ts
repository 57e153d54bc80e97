import { unprintable } from '@pg-evict/core/internal/text';

/**
 * One JSON document, indented on a terminal. Also escapes characters that JSON allows and a terminal obeys: the same
 * characters as in text.
 */
export function toJsonText(document: unknown): string {
  const text = JSON.stringify(document, null, process.stdout.isTTY ? 2 : undefined);
  return `${text.replaceAll(unprintable, escapeInJson)}\n`;
}

/** Line breaks stand between fields only; JSON writes characters outside the basic plane as two halves. */
function escapeInJson(character: string): string {
  if (character === '\n') return character;
  return character
    .split('')
    .map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
