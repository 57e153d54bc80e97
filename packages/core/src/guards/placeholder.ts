import type { Client } from 'pg';
import type { Blocker } from '../contract/blocker.js';
import { blockedError, type PgEvictError } from '../contract/error.js';
import { withRemedy } from '../contract/remedy.js';
import { databaseComments, type DatabaseFacts } from '../database/facts.js';
import { quoteLiteral } from '../text/quote.js';

/** How the mark begins; then comes the private name of the database that the placeholder stands in for. */
const mark = '[pg-evict: placeholder of ';

/**
 * The comment by which a placeholder is recognised.
 *
 * @param held the private name of the database it stands in for
 */
export function placeholderComment(holder: string, held: string): string {
  return `Held exclusively by "${holder}" for a moment; the database is back afterwards. ${mark}${held}]`;
}

/** The private name of the database that a placeholder with this comment stands in for; `undefined` if it is none. */
export function standsInFor(comment: string | null): string | undefined {
  return comment === null
    ? undefined
    : /\[pg-evict: placeholder of (pg_evict_held_\w+)\]$/.exec(comment)?.[1];
}

/** Whether a database's comment marks it as the placeholder for a database that is held exclusively. */
export function isPlaceholder(comment: string | null): boolean {
  return standsInFor(comment) !== undefined;
}

/**
 * The options that a placeholder is created with. It rejects all connections. As a template it cannot be dropped, not
 * even by a superuser. Its encoding differs from that of the database it stands for. A copy has the encoding of its
 * template, so the encoding shows that a database is a copy of the placeholder ({@link placeholderCopied}).
 */
export function placeholderClauses({ encoding }: DatabaseFacts, versionNumber: number): string {
  const other = encoding === 'SQL_ASCII' ? 'UTF8' : 'SQL_ASCII';
  // ICU and the built-in provider know no SQL_ASCII.
  const provider = versionNumber >= 150_000 ? 'LOCALE_PROVIDER libc ' : '';
  return `${provider}ENCODING ${quoteLiteral(other)} LC_COLLATE 'C' LC_CTYPE 'C' ALLOW_CONNECTIONS false IS_TEMPLATE true`;
}

/**
 * A placeholder may replace a database after an operation has looked at it and before it has its lock. Added to a
 * string of renames, which is one transaction, this makes all of them fail (22012) if the database that now has this
 * name is a placeholder.
 */
export function unlessPlaceholder(renamed: string): string {
  return `SELECT 1 / (coalesce(shobj_description(oid, 'pg_database'), '') NOT LIKE ${quoteLiteral(`%${mark}%]`)})::int
    FROM pg_database WHERE datname = ${quoteLiteral(renamed)}`;
}

/** Likewise, if the database that now has this name is not the placeholder of that database. */
export function onlyPlaceholderOf(renamed: string, held: string): string {
  return `SELECT 1 / (coalesce(shobj_description(oid, 'pg_database'), '') LIKE ${quoteLiteral(`%${mark}${held}]`)})::int
    FROM pg_database WHERE datname = ${quoteLiteral(renamed)}`;
}

/** Whether a copy is one of a placeholder: $1 the copy, $2 the encoding of the database that was to be copied. */
export const placeholderCopied = `
SELECT FROM pg_database WHERE datname = $1 AND pg_encoding_to_char(encoding) <> $2`;

/** The blocker for other operations while a database is held exclusively. */
export function heldBlocker(database: string): Blocker {
  const facts = {
    kind: 'lock' as const,
    name: database,
    database,
    detail: `Database "${database}" is held exclusively by another run of pg-evict, or by one that was killed.`,
  };
  return withRemedy(facts, { kind: 'await-release', database });
}

/** The error for a database that is held exclusively by another operation. */
export function heldError(database: string, failure: string, cause?: unknown): PgEvictError {
  return blockedError('BLOCKED', `${failure}.`, [heldBlocker(database)], { database, cause });
}

/** The databases, of those given, that are held exclusively. */
export async function findPlaceholder(
  client: Client,
  databases: readonly string[],
): Promise<string | undefined> {
  const comments = await databaseComments(client, databases);
  return comments.find(({ comment }) => isPlaceholder(comment))?.name;
}
