import { settingStatements } from './database-settings.js';
import type { DatabaseFacts } from './inspect.js';
import type { Operation } from './operation.js';
import type { NotCarriedOver } from './operation-report.js';
import { runWithinDeadline } from './run-within-deadline.js';
import { sqlStateOf } from './translate-error.js';

/**
 * Gives a new database the settings of another, and reports those the role may not give. Works from the maintenance
 * database; the new one is not connected to.
 *
 * Needs, beside ownership of the new database: a superuser for settings that only one may set, ADMIN on the role for
 * `ALTER ROLE … IN DATABASE`, membership in the grantor for privileges that somebody else than the owner granted.
 */
export async function applyDatabaseSettings(
  operation: Operation,
  facts: DatabaseFacts,
  name: string,
  owner: string,
  failure: string,
): Promise<NotCarriedOver[]> {
  const notCarriedOver: NotCarriedOver[] = [];
  for (const { setting, sql } of settingStatements(facts, name, owner)) {
    try {
      await runWithinDeadline(operation, operation.runner, sql, failure);
    } catch (error) {
      // Refusals are reported; a lost connection or a full disk ends the operation.
      if (!['42', '22', '0L', '0A'].includes(sqlStateOf(error)?.slice(0, 2) ?? '')) throw error;
      notCarriedOver.push({ setting, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return notCarriedOver;
}
