import { quoteIdentifier } from '@pg-evict/core';

/** The end of a database's comment: what every owner may set, without connecting to it. */
const label = /\s*\[pg-evict (?:template, last used|kept on) (\d{4}-\d{2}-\d{2})\]$/;

/** A day as it stands in comments. */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** The comment a template was given when it was built, and the day it was last used, or a database was kept. */
export function readComment(text: string | null): {
  readonly comment: string | null;
  readonly day: string | null;
} {
  const found = text === null ? null : label.exec(text);
  if (text === null || found === null) return { comment: text, day: null };
  const rest = text.slice(0, found.index);
  return { comment: rest === '' ? null : rest, day: found[1] ?? null };
}

/** The comment of a template: its own, and when it was last used. */
export function templateComment(comment: string | null, usedOn: Date): string {
  return `${comment === null ? '' : `${comment} `}[pg-evict template, last used ${dayOf(usedOn)}]`;
}

/** The comment of a database that was kept. */
export function keptComment(on: Date): string {
  return `The database of a test file that failed. [pg-evict kept on ${dayOf(on)}]`;
}

/** COMMENT ON DATABASE, which takes no parameters. */
export function commentStatement(name: string, text: string | null): string {
  // Safe whatever standard_conforming_strings says.
  const literal = text === null ? 'NULL' : `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return `COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${literal}`;
}
