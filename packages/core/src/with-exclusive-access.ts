import { renameBlockers } from './blocker.js';
import { createStatement } from './create-statement.js';
import { accessTo, type DatabaseAccess } from './database-access.js';
import type { DeadlineOptions } from './deadline.js';
import { giveBack } from './give-back.js';
import { quoteIdentifier, quoteLiteral, renameStatement } from './identifier.js';
import { inspect } from './inspect.js';
import type { Operation } from './operation.js';
import { withOperation } from './with-operation.js';
import type { OperationOptions } from './operation-report.js';
import { placeholderClauses, placeholderComment, unlessPlaceholder } from './placeholder.js';
import { preflight } from './preflight.js';
import { dropPrivateDatabases, privateName } from './private-databases.js';
import { removeBlockers, type RemedyOptions } from './remove-blockers.js';
import { requireCreatedb, requireOwnership, requireUnprotected, requireValid } from './require.js';
import { runExclusively } from './run-exclusively.js';
import type { Session } from './session.js';
import type { Target } from './target.js';

/** Options of {@link withExclusiveAccess}. */
export interface ExclusiveAccessOptions
  extends
    Pick<OperationOptions, 'timeoutMs' | 'signal' | 'graceMs' | 'keep' | 'onStep'>,
    Pick<RemedyOptions, 'rollbackPrepared'> {}

/** A database that nobody else can connect to. */
export interface ExclusiveAccess extends DatabaseAccess {
  /** The sessions that were ended. */
  readonly terminated: readonly Session[];
}

/**
 * Runs `callback` while nobody else can connect to the database, not even a superuser, and gives the database back in
 * every case. It is renamed to a private name, which only the callback learns; under its own name stands an empty
 * placeholder that lets nobody in (clients see 55000, "not currently accepting connections"), so that the name is never
 * missing and nobody creates the database anew. Afterwards sessions that the callback left are ended and the names are
 * put back, in one transaction each time.
 *
 * If this process is killed meanwhile, the next operation of pg-evict on the database puts the names back, and so does
 * {@link repairDatabase}.
 *
 * `timeoutMs` bounds getting the access, and giving it back; not the callback.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @returns what the callback returns; what it throws is thrown
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `PERMISSION_DENIED`, `BLOCKED`,
 * `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function withExclusiveAccess<T>(
  target: Target,
  callback: (access: ExclusiveAccess) => Promise<T> | T,
  options: ExclusiveAccessOptions = {},
): Promise<T> {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  await withOperation('run', target, options, [], async (operation) => {
    const held = await take(operation, options);
    try {
      await operation.step('swapped');
      outcome = {
        value: await callback({
          ...accessTo(operation, held, target, options.signal),
          terminated: [...operation.terminated.values()],
        }),
      };
    } catch (error) {
      outcome = { error };
    }
    // With connections of its own: ours may have been lost while the callback ran. Ours stay open until then, as they
    // are what tells others that the holder lives. An abort must not keep it from happening.
    const giving: DeadlineOptions = { timeoutMs: options.timeoutMs };
    await withOperation('run', target, giving, [], async (second) => giveBack(second, held));
    await operation.step('returned');
    return { changed: true };
  });
  if (outcome !== undefined && 'value' in outcome) return outcome.value;
  throw outcome?.error;
}

/** Puts a placeholder in the database's place; returns the private name the database has then. */
async function take(operation: Operation, options: ExclusiveAccessOptions): Promise<string> {
  const { database, runner } = operation;
  const failure = `Exclusive access to database "${database}" was not had`;
  const inspection = await inspect(runner.client, [database, 'template0', 'template1']);
  const facts = requireUnprotected(inspection, database);
  requireValid(facts, failure);
  requireOwnership(inspection, facts, failure);
  requireCreatedb(inspection, database, failure);
  const needs = { databases: [database], blockedBy: renameBlockers };
  const { toRemove } = await preflight(operation, failure, [needs], options);
  await operation.step('checked');
  const placeholder = privateName(operation, 'new');
  const held = privateName(operation, 'held');
  const { sql, owner } = createStatement(inspection, { name: placeholder, template: 'template0' });
  try {
    await runExclusively(operation, {
      sql: `${sql} ${placeholderClauses(facts, inspection.versionNumber)}`,
      databases: ['template0'],
      blockedBy: renameBlockers,
      sessions: 'wait',
      failure,
    });
    await runner.client.query(
      `COMMENT ON DATABASE ${quoteIdentifier(placeholder)} IS ${quoteLiteral(placeholderComment(owner))}`,
    );
    await operation.step('created');
    await removeBlockers(operation, toRemove);
    await runExclusively(operation, {
      ...needs,
      sql: [
        renameStatement(database, held),
        renameStatement(placeholder, database),
        unlessPlaceholder(held),
      ].join('; '),
      sessions: 'end',
      failure,
    });
  } catch (error) {
    await dropPrivateDatabases(operation, [placeholder]);
    throw error;
  }
  return held;
}
