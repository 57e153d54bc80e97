/** The failure as the engine, or testcontainers, describes it, to be part of a sentence. */
export function reasonOf(error: unknown): string {
  // No instanceof: under Jest these are of another realm.
  const { message } = Object(error) as { message?: unknown };
  return (typeof message === 'string' ? message : String(error)).trim().replace(/[\s.]+$/, '');
}
