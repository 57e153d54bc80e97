import type { KeptContent } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';
import { findKept, type Kept } from './find-kept.js';
import { type KeptNote, writeKeptNote } from './kept-comment.js';
import { keptName } from './kept-name.js';
import { type Attachments, attachmentsSql, type KeepPlan, reasonAgainstAttached } from './plan-keeping.js';

/** A place for the old content of a database. */
export interface KeepingPlace {
  readonly name: string;
  /** What comes behind the rename to that name, in the same transaction. */
  readonly statements: readonly string[];
  readonly kept: KeptContent;
  /** What was kept of the database before: only the last content is. */
  readonly before: readonly Kept[];
}

/** What is to become of the old content. */
export interface Keeping {
  /** `undefined` where nothing is to be kept, or there is nothing any more. */
  readonly place: KeepingPlace | undefined;
  /** Why nothing is kept, though it was asked for. */
  readonly notKept: string | null;
}

/** $1 the database. */
const placeQuery = `
SELECT extract(epoch FROM clock_timestamp())::float8 AS at, datallowconn AS connections,
  shobj_description(oid, 'pg_database') AS comment, ${attachmentsSql}
FROM pg_database d WHERE datname = $1`;

type PlaceRow = Pick<KeptNote, 'at' | 'connections' | 'comment'> & Attachments;

/**
 * Prepares the place for what is about to be replaced: the time runs from here. Much time may have passed since it was
 * planned, and slots have come. Two queries, on a connection each.
 */
export async function prepareKeeping(
  operation: Operation,
  { by, forSeconds, sizeBytes, notKept }: KeepPlan,
): Promise<Keeping> {
  if (forSeconds === undefined) return { place: undefined, notKept };
  const { control, database, runner } = operation;
  const [{ rows }, before] = await Promise.all([
    control.client.query<PlaceRow & Record<string, unknown>>(placeQuery, [database]),
    operation.dryRun ? [] : findKept(runner.client, database),
  ]);
  const [found] = rows;
  if (found === undefined) return { place: undefined, notKept };
  // In a dry run they are there yet that would be removed.
  const attached = operation.dryRun ? null : reasonAgainstAttached(found);
  if (attached !== null) return { place: undefined, notKept: attached };
  const { at, connections, comment } = found;
  const until = Math.ceil(at + forSeconds);
  const name = keptName(operation, until);
  const note = { of: database, by, at, connections, comment };
  const place = {
    name,
    statements: [
      `ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS false`,
      `COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(writeKeptNote(note, until))}`,
    ],
    kept: { database: name, until: new Date(until * 1000).toISOString(), sizeBytes },
    before,
  };
  return { place, notKept: null };
}

/** What gives a database back what putting it aside took from it; it has its own name again by then. */
export function giveBackStatements(database: string, { note }: Kept): string[] {
  if (note === undefined) return [];
  const name = quoteIdentifier(database);
  return [
    `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${String(note.connections)}`,
    `COMMENT ON DATABASE ${name} IS ${note.comment === null ? 'NULL' : quoteLiteral(note.comment)}`,
  ];
}
