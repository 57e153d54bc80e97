/**
 * Characters that a terminal would act on instead of showing: controls, line and paragraph separators, lone surrogates,
 * and characters that reorder or hide text (Unicode's Default_Ignorable_Code_Point, the marks of interlinear
 * annotation).
 */
export const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;

/**
 * Makes text from another source safe to show on a terminal, in one line: any client may put escape sequences into its
 * application name or query.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\t\n\v\f\r ]+/g, ' ').replaceAll(unprintable, escapeCharacter);
}

/** The same for a message that may have more than one line. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** A `\u…` escape, as in JavaScript; outside the basic plane with braces. */
export function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16).padStart(4, '0');
  return code > 0xff_ff ? `\\u{${digits}}` : `\\u${digits}`;
}
