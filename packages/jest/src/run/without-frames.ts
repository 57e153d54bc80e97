/**
 * Removes the stack frames of an error of ours whose message says what to do: Jest prints them, and all of them are in
 * the bundle of this package. An unexpected error keeps them.
 *
 * @param frame stands in the stack trace instead
 */
export function withoutFrames(error: unknown, frame = ''): unknown {
  const { code, message, name } = Object(error) as { code?: unknown; message?: unknown; name?: unknown };
  if (name === 'PgEvictError' && code !== 'UNEXPECTED') {
    (error as Error).stack = `${name}: ${String(message)}${frame}`;
  }
  return error;
}
