/** The message of an error of ours without its hint, which is its end. */
export function withoutHint({
  hint,
  message,
}: {
  readonly hint: string | null;
  readonly message: string;
}): string {
  return hint !== null && message.endsWith(hint) ? message.slice(0, -hint.length).trimEnd() : message;
}
