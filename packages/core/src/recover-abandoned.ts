import { giveBack } from './give-back.js';
import type { Operation } from './operation.js';
import type { Leftover } from './operation-report.js';
import { dropPrivateDatabases, findAbandonedDatabases } from './private-databases.js';

/**
 * Puts in order what operations on this database left because their process died: a database held exclusively gets
 * its name back, then what was set aside is dropped. Returns whether there was anything, and what could
 * not be put in order.
 */
export async function recoverAbandoned(operation: Operation): Promise<{ found: boolean; left: Leftover[] }> {
  const abandoned = await findAbandonedDatabases(operation.runner.client, operation.database);
  const leftovers: Leftover[] = [];
  for (const { name } of abandoned.filter(({ role }) => role === 'held')) {
    try {
      leftovers.push(...((await giveBack(operation, name)).leftovers ?? []));
    } catch (error) {
      leftovers.push({ database: name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  const worthless = abandoned.filter(({ role }) => role !== 'held').map(({ name }) => name);
  leftovers.push(...(await dropPrivateDatabases(operation, worthless)));
  return { found: abandoned.length > 0, left: leftovers };
}
