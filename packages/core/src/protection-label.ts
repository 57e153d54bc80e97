import { databaseNotFound } from './database-not-found.js';
import { PgEvictError } from './pg-evict-error.js';
import type { Queryable } from './queryable.js';

/**
 * The label is the end of the database's comment. A comment can be set by the owner on every major (a setting of our
 * own by ALTER DATABASE SET needs a superuser), is read without connecting to the database, shows in psql's `\\l+`,
 * and survives restarts, renames and restores of other databases.
 */
const label = /\s*\[pg-evict: protected(?:: ([^\]]*))?\]\s*$/;

/** What a comment says about protection. */
export interface Protection {
  /** The comment without the label; `null` if nothing else is in it. */
  readonly comment: string | null;
  /** Why the database is protected; `null` if it is not, empty if no reason was given. */
  readonly reason: string | null;
}

/** Takes a database's comment apart. */
export function readProtection(comment: string | null): Protection {
  const found = comment === null ? null : label.exec(comment);
  if (comment === null || found === null) return { comment, reason: null };
  const rest = comment.slice(0, found.index);
  return { comment: rest === '' ? null : rest, reason: found[1] ?? '' };
}

/** Puts a label behind a comment that has none. */
export function writeProtection(comment: string | null, reason: string): string {
  const text = reason.replaceAll(/[[\]\n]/g, ' ').trim();
  return `${comment === null ? '' : `${comment} `}[pg-evict: protected${text === '' ? '' : `: ${text}`}]`;
}

/** @throws {@link PgEvictError} `PROTECTED` if a comment carries the label */
export function refuseProtected(database: string, comment: string | null): void {
  const { reason } = readProtection(comment);
  if (reason === null) return;
  throw new PgEvictError(
    'PROTECTED',
    `Database "${database}" is protected${reason === '' ? '' : ` (${reason})`}; nobody was disconnected and nothing was changed.`,
    { database, hint: `If you mean it, take the protection off first: pg-evict unprotect ${database}` },
  );
}

/**
 * One query; needs no privilege.
 *
 * @throws {@link PgEvictError} `PROTECTED` if a database carries the label, `DATABASE_NOT_FOUND`
 */
export async function assertUnprotected(client: Queryable, database: string): Promise<void> {
  const { rows } = await client.query(
    // With its schema, as the search path of a caller's client may lead to another that fits better (text, not name).
    `SELECT pg_catalog.shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = $1`,
    [database],
  );
  const [row] = rows;
  if (row === undefined) throw databaseNotFound(database);
  const { comment } = row;
  refuseProtected(database, typeof comment === 'string' ? comment : null);
}
