import { printable as printableText } from '@pg-evict/core/internal/text';
import { redactQuery } from '@pg-evict/core';

/** Makes text that any client may have chosen safe to show, in one line, with passwords in SQL masked. */
export function printable(text: string): string {
  return printableText(redactQuery(text));
}
