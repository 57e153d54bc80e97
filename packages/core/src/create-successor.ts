import { applyDatabaseSettings } from './apply-database-settings.js';
import { renameBlockers } from './blocker.js';
import { isBuiltIn } from './built-in-guards.js';
import type { CreateStatement } from './create-statement.js';
import type { DatabaseFacts } from './inspect.js';
import type { Operation } from './operation.js';
import type { NotCarriedOver } from './operation-report.js';
import { heldError, placeholderCopied } from './placeholder.js';
import { dropPrivateDatabases } from './private-databases.js';
import { runExclusively } from './run-exclusively.js';

/**
 * Creates a database and gives it the settings of another. Sessions on the template are ended, as PostgreSQL copies
 * only a database nobody is on; those of `template1` are not.
 *
 * @param like the database whose settings it takes over
 */
export async function createSuccessor(
  operation: Operation,
  name: string,
  statement: CreateStatement,
  like: DatabaseFacts | undefined,
  failure: string,
): Promise<NotCarriedOver[]> {
  await runExclusively(operation, {
    sql: statement.sql,
    databases: [statement.template],
    sessions: isBuiltIn(statement.template) ? 'wait' : 'end',
    blockedBy: renameBlockers,
    failure,
  });
  if (!isBuiltIn(statement.template)) await refuseCopyOfPlaceholder(operation, name, statement, failure);
  await operation.step('created');
  const refused =
    like === undefined ? [] : await applyDatabaseSettings(operation, like, name, statement.owner, failure);
  await operation.step('settings-applied');
  return [...statement.notCarriedOver, ...refused];
}

/** Somebody may have taken the template exclusively after it was looked at: what was copied then is empty. */
async function refuseCopyOfPlaceholder(
  operation: Operation,
  name: string,
  { template, templateEncoding }: CreateStatement,
  failure: string,
): Promise<void> {
  const { rows } = await operation.control.client.query(placeholderCopied, [name, templateEncoding]);
  if (rows.length === 0) return;
  await dropPrivateDatabases(operation, [name]);
  throw heldError(template, failure);
}
