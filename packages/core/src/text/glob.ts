/**
 * A pattern as a regular expression that PostgreSQL and JavaScript read alike: `*` any characters, `?` one, the rest
 * as it stands; case matters.
 */
export function globToRegex(pattern: string): string {
  const escaped = pattern.replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&');
  return `^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`;
}

/** Whether a name matches a pattern. */
export function matchesGlob(name: string, pattern: string): boolean {
  return new RegExp(globToRegex(pattern), 's').test(name);
}
