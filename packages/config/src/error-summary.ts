/** The first line of an error in the file of a user, without what looks like a URL with a password. */
export function errorSummary(error: unknown): string {
  const message: unknown =
    typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return (String(message).split('\n')[0] ?? '').replaceAll(/:\/\/[^\s@]*@/g, '://…@');
}
