import { type Blocker, renameBlockers } from '../contract/blocker.js';
import { createStatement, type CreateStatement } from '../database/create-statement.js';
import { inspect } from '../database/facts.js';
import type { Operation } from '../eviction/operation.js';
import { type Plan, preflight } from '../eviction/preflight.js';
import { type RemedyOptions, removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { placeholderClauses, placeholderComment } from '../guards/placeholder.js';
import {
  requireCreatedb,
  requireOwnership,
  requireUnprotected,
  requireValid,
} from '../guards/preconditions.js';
import { unlessGuarded } from '../guards/unless-guarded.js';
import { quoteIdentifier, quoteLiteral, renameStatement } from '../text/quote.js';
import { dropPrivateDatabases } from './drop-private-databases.js';
import { privateName } from './private-databases.js';

/** A database that can be held, and how. */
export interface AcquirePlan extends Plan {
  /** The private name it is to have. */
  readonly held: string;
  /** The private name under which its placeholder is created. */
  readonly placeholder: string;
  readonly statement: CreateStatement;
}

/** The failed step, if the database was not held. */
export const notHad = (database: string): string =>
  `Could not get exclusive access to database "${database}"`;

/** Finds, before anything is changed, what holding the database would do and which obstacles there are. */
export async function planAcquire(operation: Operation, options: RemedyOptions): Promise<AcquirePlan> {
  const { database, failure, runner } = operation;
  const inspection = await inspect(runner.client, [database, 'template0', 'template1'], 'template0');
  const facts = requireUnprotected(inspection, database);
  requireValid(facts, failure);
  requireOwnership(inspection, facts, failure);
  requireCreatedb(inspection, database, failure);
  const plan = await preflight(operation, [{ databases: [database], blockedBy: renameBlockers }], options);
  const placeholder = privateName(operation, 'new');
  const statement = createStatement(inspection, { name: placeholder, template: 'template0' });
  return {
    ...plan,
    held: privateName(operation, 'held'),
    placeholder,
    statement: {
      ...statement,
      sql: `${statement.sql} ${placeholderClauses(facts, inspection.versionNumber)}`,
    },
  };
}

/** Terminates the sessions, gives the database its private name, and creates a placeholder with its own name. */
export async function acquire(
  operation: Operation,
  {
    held,
    placeholder,
    statement,
    toRemove,
  }: Pick<AcquirePlan, 'held' | 'placeholder' | 'statement'> & {
    readonly toRemove: readonly Blocker[];
  },
): Promise<void> {
  const { database, runner } = operation;
  try {
    await runExclusively(operation, {
      sql: statement.sql,
      databases: [statement.template],
      blockedBy: renameBlockers,
      sessions: 'wait',
    });
    const comment = quoteLiteral(placeholderComment(statement.owner, held));
    await runner.client.query(`COMMENT ON DATABASE ${quoteIdentifier(placeholder)} IS ${comment}`);
    await operation.step('created');
    await removeBlockers(operation, toRemove);
    await runExclusively(operation, {
      sql: [
        renameStatement(database, held),
        renameStatement(placeholder, database),
        unlessGuarded(held),
      ].join('; '),
      databases: [database],
      blockedBy: renameBlockers,
      sessions: 'end',
      renames: true,
    });
  } catch (error) {
    operation.leftovers.push(...(await dropPrivateDatabases(operation, [placeholder])));
    throw error;
  }
}
