/** C0 and C1 controls, DEL, and what reorders or hides text: all that a terminal would act on instead of showing. */
// oxlint-disable-next-line no-control-regex -- these are the characters to find
const unprintable = /[\u0000-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g;

/**
 * Makes text that came from a server safe to show on a terminal, in one line: any client may put escape sequences
 * into its application name or query.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\t\n\v\f\r ]+/g, ' ').replaceAll(unprintable, escape);
}

/** The same for a message that may have more than one line. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** A `\u…` escape, as in JSON. */
export function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Takes out of a message whatever in it may be a password: URLs, and values of `--option=value`. */
export function redactPasswords(message: string): string {
  return message
    .replaceAll(/\b[a-z][\w+.-]*:\/\/[^\s']*/gi, '(URL)')
    .replaceAll(/(--[\w-]+)=[^']*/g, '$1=…')
    .replaceAll(/(password\s*=\s*)[^\s']+/gi, '$1…');
}
