import { redactQuery } from '@pg-evict/core';

/** C0 and C1 controls, DEL, and what reorders or hides text: all that a terminal would act on instead of showing. */
// oxlint-disable-next-line no-control-regex -- these are the characters to find
const unprintable = /[\u0000-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g;

/** Makes text that any client may have chosen safe to show, in one line, without the passwords of SQL. */
export function printable(text: string): string {
  return redactQuery(text)
    .replaceAll(/[\t\n\v\f\r ]+/g, ' ')
    .replaceAll(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
