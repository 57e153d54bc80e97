import { renameBlockers } from '../contract/blocker.js';
import { PgEvictError } from '../contract/error.js';
import { findDatabase, inspect } from '../database/facts.js';
import type { Operation, OperationOutcome } from '../eviction/operation.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { onlyPlaceholderOf, standsInFor } from '../guards/placeholder.js';
import { renameStatement } from '../text/quote.js';
import { dropPrivateDatabases } from './drop-private-databases.js';
import { privateName } from './private-databases.js';

/** The failed step, if the database kept its private name. */
export const notGivenBack =
  (held: string) =>
  (database: string): string =>
    `Database "${database}" was not given back; it is still called "${held}"`;

/**
 * Gives a database that was held exclusively its name back, and drops the placeholder. Terminates the sessions that are
 * still on it. If there is no database under the private name (it was dropped by that name), only the placeholder is
 * dropped (`dropped`). If there is no placeholder either, it does nothing, and says so (`changed`).
 *
 * @throws {@link PgEvictError} `DATABASE_EXISTS` if another database has taken the name; the message says where the
 * data is
 */
export async function release(
  given: Operation,
  held: string,
): Promise<OperationOutcome & { readonly dropped?: true }> {
  const failure = notGivenBack(held)(given.database);
  const operation = { ...given, failure };
  const { database, runner } = operation;
  const inspection = await inspect(runner.client, [database, held]);
  const inPlace = findDatabase(inspection, database);
  const isStandIn = inPlace !== undefined && standsInFor(inPlace.comment) === held;
  if (findDatabase(inspection, held) === undefined) {
    if (!isStandIn) return { changed: false };
    const aside = privateName(operation, 'old');
    await runExclusively(operation, {
      // Another database may have its name by now.
      sql: [renameStatement(database, aside), onlyPlaceholderOf(aside, held)].join('; '),
      databases: [database],
      blockedBy: renameBlockers,
      sessions: 'end',
      labels: 'ignored',
    });
    const leftovers = await dropPrivateDatabases(operation, [aside]);
    return { changed: leftovers.length === 0, dropped: true, leftovers };
  }
  // A placeholder of another hold is another database, too.
  if (inPlace !== undefined && !isStandIn) {
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
