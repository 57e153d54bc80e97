/** The first line of an error in the file of a user, without what looks like a URL with a password. */
export function errorSummary(error: unknown): string {
  const message: unknown =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  const [first = '', ...others] = String(message).split('\n');
  // A parser says where on a line of its own.
  const line = /:(\d+):\d+\s*$/.exec(others.join('\n'))?.[1];
  const summary = first.trim().replaceAll(/:\/\/[^\s@]*@/g, '://…@');
  return line === undefined ? summary : `${summary} (line ${line})`;
}
