import { applyDatabaseSettings } from './apply-database-settings.js';
import { renameBlockers } from './blocker.js';
import { isBuiltIn } from './built-in-guards.js';
import type { CreateStatement } from './create-statement.js';
import type { DatabaseFacts } from './inspect.js';
import type { Operation } from './operation.js';
import type { NotCarriedOver } from './operation-report.js';
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
  await operation.step('created');
  const refused =
    like === undefined ? [] : await applyDatabaseSettings(operation, like, name, statement.owner);
  await operation.step('settings-applied');
  return [...statement.notCarriedOver, ...refused];
}
