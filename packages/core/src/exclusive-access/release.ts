import { renameBlockers } from '../contract/blocker.js';
import { PgEvictError } from '../contract/error.js';
import { findDatabase, inspect } from '../database/facts.js';
import type { Operation, OperationOutcome } from '../eviction/operation.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { standsInFor } from '../guards/placeholder.js';
import { renameStatement } from '../text/quote.js';
import { dropPrivateDatabases, privateName } from './private-databases.js';

/** What did not happen, where the database kept its private name. */
export const notGivenBack =
  (held: string) =>
  (database: string): string =>
    `Database "${database}" was not given back; it is still called "${held}"`;

/**
 * Gives a database that was held exclusively its name back, and drops the placeholder. Ends the sessions that are
 * still on it. Does nothing, and says so (`changed`), if there is no database under the private name.
 *
 * @throws {@link PgEvictError} `DATABASE_EXISTS` if another database has taken the name; the message says where the
 * data is
 */
export async function release(given: Operation, held: string): Promise<OperationOutcome> {
  const failure = notGivenBack(held)(given.database);
  const operation = { ...given, failure };
  const { database, runner } = operation;
  const inspection = await inspect(runner.client, [database, held]);
  if (findDatabase(inspection, held) === undefined) return { changed: false };
  const inPlace = findDatabase(inspection, database);
  // A placeholder of another hold is another database, too.
  if (inPlace !== undefined && standsInFor(inPlace.comment) !== held) {
    throw new PgEvictError('DATABASE_EXISTS', `${failure}, because another database has taken its name.`, {
      database,
      hint: `Look at both, then drop one and rename the other.`,
    });
  }
  const placeholder = privateName(operation, 'old');
  await runExclusively(operation, {
    sql: [
      ...(inPlace === undefined ? [] : [renameStatement(database, placeholder)]),
      renameStatement(held, database),
    ].join('; '),
    databases: [held, database],
    blockedBy: renameBlockers,
    sessions: 'end',
    labels: 'ignored',
  });
  const leftovers = inPlace === undefined ? [] : await dropPrivateDatabases(operation, [placeholder]);
  return { changed: true, leftovers };
}
