import type { Queryable } from '../connection/queryable.js';
import { errorWithRemedies } from '../contract/error.js';
import { databaseComments } from '../database/facts.js';
import { whyMissing } from '../database/set-aside.js';
import { quoteLiteral } from '../text/quote.js';

/**
 * The label stands at the end of the database's comment. A comment can be set by the owner on every major (a setting of
 * our own by ALTER DATABASE SET needs a superuser), is read without connecting to the database, shows in psql's `\\l+`,
 * and survives restarts, renames and restores of other databases.
 *
 * People also write it by hand, so everything that looks like a label protects: anywhere in the comment, in capitals,
 * without brackets, with other spaces. PostgreSQL and JavaScript read this expression alike, regardless of case.
 */
const looksLikeLabel = 'pg[^a-z0-9]{0,3}evict[^a-z0-9]{0,9}protected';

/** The protection that a comment states. */
export interface Protection {
  /** The comment without the label; `null` if nothing else is in it. */
  readonly comment: string | null;
  /** Why the database is protected; `null` if it is not, empty if no reason was given. */
  readonly reason: string | null;
}

/** Takes a database's comment apart. */
export function readProtection(comment: string | null): Protection {
  let rest = comment ?? '';
  let reason: string | null = null;
  for (let label = findLabel(rest); label !== undefined; label = findLabel(rest)) {
    reason ??= label.reason;
    rest = [rest.slice(0, label.start).trimEnd(), rest.slice(label.end).trim()].filter(Boolean).join(' ');
  }
  return reason === null ? { comment, reason } : { comment: rest === '' ? null : rest, reason };
}

/** The first label in a text, from its opening bracket to the one that closes it, or to the end. */
function findLabel(text: string): { start: number; end: number; reason: string } | undefined {
  const found = new RegExp(looksLikeLabel, 'i').exec(text);
  if (found === null) return undefined;
  const before = text.slice(0, found.index);
  const open = before.lastIndexOf('[');
  const opened = open !== -1 && !/[a-z0-9]/i.test(before.slice(open));
  const from = found.index + found[0].length;
  const to = opened ? closingBracket(text, from) : text.length;
  const reason = text
    .slice(from, to)
    .replace(/^[\s:]{1,9}/, '')
    .trim();
  return { start: opened ? open : found.index, end: Math.min(text.length, to + 1), reason };
}

/** The position of the bracket that closes the one before; reasons may contain brackets. */
function closingBracket(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '[') depth += 1;
    if (text[at] === ']') depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

/** An SQL expression that says whether a comment protects. */
export const commentProtects = (comment: string): string => `${comment} ~* ${quoteLiteral(looksLikeLabel)}`;

/**
 * Added to a string of renames, which is one transaction, this makes all of them fail (22P02) if the database that now
 * has this name is protected: a label may have been set after the last look and before the rename had its lock, which
 * COMMENT waits for.
 */
export function unlessProtected(renamed: string): string {
  return `SELECT CASE WHEN ${commentProtects(`coalesce(shobj_description(oid, 'pg_database'), '')`)} THEN ('protected: ' || datname)::int END
    FROM pg_database WHERE datname = ${quoteLiteral(renamed)}`;
}

/** How a statement fails on {@link unlessProtected}: the value that it casts is not a number. */
export const protectedState = '22P02';

/** Appends a label to a comment that has none. */
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
    `Database "${database}" is protected${reason === '' ? '' : ` (${reason})`}; no session was disconnected and nothing was changed.`,
    [{ kind: 'unprotect', database }],
    { database },
  );
}

/** @throws {@link PgEvictError} `PROTECTED` if a database carries the label, `DATABASE_NOT_FOUND` */
export async function assertUnprotected(client: Queryable, database: string): Promise<void> {
  const [found] = await databaseComments(client, [database]);
  if (found === undefined) throw await whyMissing(client, database);
  refuseProtected(database, found.comment);
}

/**
 * Looks again if time has passed since the first look and no session has been terminated yet: the label may have been
 * set meanwhile. Databases that do not exist are skipped.
 *
 * @throws {@link PgEvictError} `PROTECTED` if one of the databases carries the label by now
 */
export async function refuseProtectedByNow(client: Queryable, databases: readonly string[]): Promise<void> {
  for (const { name, comment } of await databaseComments(client, databases)) refuseProtected(name, comment);
}
