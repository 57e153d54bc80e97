const placeholderMark = '[pg-evict: placeholder]';

/** The comment by which a placeholder is recognised. */
export function placeholderComment(holder: string): string {
  return `Held exclusively by "${holder}" for a moment; the database is back afterwards. ${placeholderMark}`;
}

/** Whether a database's comment says that it stands in for one that somebody holds exclusively. */
export function isPlaceholder(comment: string | null): boolean {
  return comment?.endsWith(placeholderMark) === true;
}
