import type { KeptContent } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';
import type { Kept } from './find-kept.js';
import { type KeptNote, writeKeptNote } from './kept-comment.js';
import { keptName } from './kept-name.js';
import type { KeepPlan } from './plan-keeping.js';

/** A place for the old content of a database. */
export interface KeepingPlace {
  readonly name: string;
  /** What comes behind the rename to that name, in the same transaction. */
  readonly statements: readonly string[];
  readonly kept: KeptContent;
}

/** $1 the database. */
const placeQuery = `
SELECT floor(extract(epoch FROM clock_timestamp()))::float8 AS at, datallowconn AS connections,
  shobj_description(oid, 'pg_database') AS comment
FROM pg_database WHERE datname = $1`;

/**
 * Prepares the place for what is about to be replaced: the time runs from here. One query.
 *
 * @returns `undefined` where nothing is to be kept, or there is nothing any more
 */
export async function prepareKeeping(
  operation: Operation,
  { by, forSeconds, sizeBytes }: KeepPlan,
): Promise<KeepingPlace | undefined> {
  if (forSeconds === undefined) return undefined;
  const { control, database } = operation;
  const { rows } = await control.client.query<Pick<KeptNote, 'at' | 'connections' | 'comment'>>(placeQuery, [
    database,
  ]);
  const [found] = rows;
  if (found === undefined) return undefined;
  const until = found.at + forSeconds;
  const name = keptName(operation, until);
  const note = { of: database, by, ...found };
  return {
    name,
    statements: [
      `ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS false`,
      `COMMENT ON DATABASE ${quoteIdentifier(name)} IS ${quoteLiteral(writeKeptNote(note, until))}`,
    ],
    kept: { database: name, until: new Date(until * 1000).toISOString(), sizeBytes },
  };
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
