import type { Client } from 'pg';
import { withMaintenanceConnections } from '../connection/maintenance.js';
import { type ResolvedPooler, resolveTarget, type Target } from '../connection/target.js';
import { type Deadline, deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import {
  findPaused,
  type PausedPoolerAlias,
  type ResumedAlias,
  resumePaused,
} from '../poolers/paused-aliases.js';

/**
 * Lists the aliases of the target's poolers that lead to its database and are paused. Changes nothing. A pooler that
 * cannot be queried is skipped; an operation reports the reason.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function findPausedAliases(
  target: Target,
  options: DeadlineOptions = {},
): Promise<PausedPoolerAlias[]> {
  return atPoolers(target, options, async (pooler, client, database) =>
    findPaused(pooler, client, database).catch(() => []),
  );
}

/**
 * Resumes the aliases that {@link findPausedAliases} lists, except those that an operation of pg-evict has paused. For
 * use after a machine crashed: aliases that a killed process leaves paused are resumed by its guardian.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function resumePausedAliases(
  target: Target,
  options: DeadlineOptions = {},
): Promise<ResumedAlias[]> {
  return atPoolers(target, options, async (pooler, client, database, deadline) =>
    resumePaused(pooler, client, database, deadline).catch((error: unknown) => [
      { alias: database, failure: error instanceof Error ? error.message : String(error) },
    ]),
  );
}

async function atPoolers<T>(
  target: Target,
  options: DeadlineOptions,
  callback: (pooler: ResolvedPooler, client: Client, database: string, deadline: Deadline) => Promise<T[]>,
): Promise<T[]> {
  const resolved = resolveTarget(target);
  const deadline = deadlineOf(options);
  if (resolved.poolers.length === 0) return [];
  return withMaintenanceConnections(resolved, deadline, 1, async ([{ client }]) => {
    const found: T[] = [];
    for (const pooler of resolved.poolers)
      found.push(...(await callback(pooler, client, resolved.database, deadline)));
    return found;
  });
}
