import { renameBlockers } from '../contract/blocker.js';
import type { NotCarriedOver } from '../contract/report.js';
import { sqlStateOf } from '../contract/server-error.js';
import type { CreateStatement } from '../database/create-statement.js';
import type { DatabaseFacts } from '../database/facts.js';
import { settingStatements } from '../database/settings.js';
import type { Operation } from '../eviction/operation.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { runWithinDeadline } from '../eviction/run-within-deadline.js';
import { dropPrivateDatabases } from '../exclusive-access/drop-private-databases.js';
import { heldError, placeholderCopied } from '../guards/placeholder.js';
import { isBuiltIn } from '../text/identifier.js';

/**
 * Creates a database and gives it the settings of another. Sessions on the template are terminated, because PostgreSQL
 * copies only a database without sessions; those of `template1` are not.
 *
 * @param like the database whose settings it takes over
 */
export async function createSuccessor(
  operation: Operation,
  name: string,
  statement: CreateStatement,
  like: DatabaseFacts | undefined,
): Promise<NotCarriedOver[]> {
  await runExclusively(operation, {
    sql: statement.sql,
    databases: [statement.template],
    sessions: isBuiltIn(statement.template) ? 'wait' : 'end',
    blockedBy: renameBlockers,
  });
  if (!isBuiltIn(statement.template)) await refuseCopyOfPlaceholder(operation, name, statement);
  await operation.step('created');
  const refused =
    like === undefined ? [] : await applyDatabaseSettings(operation, like, name, statement.owner);
  await operation.step('settings-applied');
  return [...statement.notCarriedOver, ...refused];
}

/**
 * The template may have been taken exclusively after it was looked at: the copy is then one of the empty placeholder.
 */
async function refuseCopyOfPlaceholder(
  operation: Operation,
  name: string,
  { template, templateEncoding }: CreateStatement,
): Promise<void> {
  const { rows } = await operation.control.client.query(placeholderCopied, [name, templateEncoding]);
  if (rows.length === 0) return;
  operation.leftovers.push(...(await dropPrivateDatabases(operation, [name])));
  throw heldError(template, operation.failure);
}

/**
 * Gives a new database the settings of another, and reports those the role may not give. Works from the maintenance
 * database; the new one is not connected to.
 *
 * Needs, beside ownership of the new database: a superuser for settings that only one may set, ADMIN on the role for
 * `ALTER ROLE … IN DATABASE`, membership in the grantor for privileges that another role than the owner granted.
 */
export async function applyDatabaseSettings(
  operation: Operation,
  facts: DatabaseFacts,
  name: string,
  owner: string,
): Promise<NotCarriedOver[]> {
  const notCarriedOver: NotCarriedOver[] = [];
  for (const { setting, sql } of settingStatements(facts, name, owner)) {
    // Settings that could not be read would not be carried over exactly.
    if (sql.includes('\uFFFD')) {
      notCarriedOver.push({ setting, reason: 'it is not in UTF-8' });
      continue;
    }
    try {
      await runWithinDeadline(operation, operation.runner, sql);
    } catch (error) {
      // Refusals are reported; a lost connection or a full disk ends the operation.
      if (!['42', '22', '0L', '0A'].includes(sqlStateOf(error)?.slice(0, 2) ?? '')) throw error;
      notCarriedOver.push({ setting, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return notCarriedOver;
}
