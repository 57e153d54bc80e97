import type { KeptContent } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';
import type { Kept } from './find-kept.js';
import { writeKeptNote } from './kept-comment.js';
import { keptName } from './kept-name.js';
import { type KeepPlan, planAgain, reasonAgainstAttached } from './plan-keeping.js';

/** A place for the old content of a database. */
export interface KeepingPlace {
  readonly name: string;
  /** SQL that follows the rename to that name, in the same transaction. */
  readonly statements: readonly string[];
  readonly kept: KeptContent;
}

/** The plan for the old content. */
export interface Keeping {
  /** `undefined` if nothing is to be kept, or there is nothing any more. */
  readonly place: KeepingPlace | undefined;
  /** Why nothing is kept, though it was asked for. */
  readonly notKept: string | null;
}

/** Prepares the place for the content that is about to be replaced. One query. */
export async function prepareKeeping(operation: Operation, plan: KeepPlan): Promise<Keeping> {
  return placeFor(operation, await planAgain(operation, plan));
}

/** The place for a database that has just been looked at: its time begins there. */
export function placeFor(
  operation: Operation,
  { by, forSeconds, notKept, seen, sizeBytes }: KeepPlan,
): Keeping {
  if (forSeconds === undefined || seen === undefined) return { place: undefined, notKept };
  // In a dry run, the objects that would be removed still exist.
  const attached = operation.dryRun ? null : reasonAgainstAttached(seen);
  if (attached !== null) return { place: undefined, notKept: attached };
  const { database } = operation;
  const { at, connections, comment } = seen;
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
  };
  return { place, notKept: null };
}

/** SQL that restores the settings that putting the database aside changed; it has its own name again by then. */
export function giveBackStatements(database: string, { note }: Kept): string[] {
  if (note === undefined) return [];
  const name = quoteIdentifier(database);
  return [
    `ALTER DATABASE ${name} ALLOW_CONNECTIONS ${String(note.connections)}`,
    `COMMENT ON DATABASE ${name} IS ${note.comment === null ? 'NULL' : quoteLiteral(note.comment)}`,
  ];
}
