import type { Queryable } from '../connection/queryable.js';
import { databaseNotFound, errorWithRemedies } from '../contract/error.js';
import { databaseComments } from '../database/facts.js';

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
  throw errorWithRemedies(
    'PROTECTED',
    `Database "${database}" is protected${reason === '' ? '' : ` (${reason})`}; nobody was disconnected and nothing was changed.`,
    [{ kind: 'unprotect', database }],
    { database },
  );
}

/** @throws {@link PgEvictError} `PROTECTED` if a database carries the label, `DATABASE_NOT_FOUND` */
export async function assertUnprotected(client: Queryable, database: string): Promise<void> {
  const [found] = await databaseComments(client, [database]);
  if (found === undefined) throw databaseNotFound(database);
  refuseProtected(database, found.comment);
}

/**
 * Looks once more, where time has passed since the first look and nobody has been ended yet: somebody may have put the
 * label on meanwhile. Databases that do not exist are passed over.
 *
 * @throws {@link PgEvictError} `PROTECTED` if one of the databases carries the label by now
 */
export async function refuseProtectedByNow(client: Queryable, databases: readonly string[]): Promise<void> {
  for (const { name, comment } of await databaseComments(client, databases)) refuseProtected(name, comment);
}
