import { escape } from './printable.js';

/** One JSON document, indented on a terminal. Escapes also the controls that JSON allows and a terminal obeys. */
export function toJsonText(document: unknown): string {
  const text = JSON.stringify(document, null, process.stdout.isTTY ? 2 : undefined);
  return `${text.replaceAll(/[\u007F-\u009F\u2028-\u202E\u2066-\u2069]/g, escape)}\n`;
}
