import { withMaintenanceConnections } from '../connection/maintenance.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import type { OperationReport } from '../contract/report.js';
import { translateError } from '../contract/server-error.js';
import { privateTag } from '../database/set-aside.js';
import { type AbandonedDatabase, findAbandonedDatabases } from '../exclusive-access/private-databases.js';
import { withOperation } from './with-operation.js';

/** A database that an operation left aside because its process died. */
export interface AbandonedLeftover {
  /** Its name. */
  readonly database: string;
  /** The database it was made for; `null` if there is none any more. */
  readonly of: string | null;
  /**
   * `held`: it is the data of `of`, which was held exclusively; repairing gives it its name back. `worthless`: a
   * successor that was never swapped in, or a predecessor that was replaced; repairing drops it.
   */
  readonly kind: 'held' | 'worthless';
}

/**
 * Finds what operations that died have left on a server, for all databases. Changes nothing. Lists only databases whose
 * owner's privileges the role has.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function findLeftovers(
  target: Target,
  options: DeadlineOptions = {},
): Promise<AbandonedLeftover[]> {
  const resolved = resolveTarget({ database: 'postgres', ...target });
  return withMaintenanceConnections(resolved, deadlineOf(options), 1, async ([{ client }]) => {
    try {
      const abandoned = await findAbandonedDatabases(client);
      const names = await client.query<{ name: string }>('SELECT datname AS name FROM pg_database');
      const byTag = new Map(names.rows.map(({ name }) => [privateTag(name), name]));
      return abandoned.map(({ name, role, tag }: AbandonedDatabase) => ({
        database: name,
        of: byTag.get(tag) ?? null,
        kind: role === 'held' ? ('held' as const) : ('worthless' as const),
      }));
    } catch (error) {
      throw translateError(error, 'Leftovers were not looked for', { database: resolved.database });
    }
  });
}

/**
 * Repairs what died operations on a database left: gives a database that was held exclusively its name back, and drops
 * databases that were set aside. Every other operation does the same on its way.
 *
 * Needs ownership of the leftovers.
 *
 * @returns `leftovers`: what could not be repaired, with the reason
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function repairDatabase(
  target: Target,
  options: DeadlineOptions = {},
): Promise<OperationReport> {
  const failure = (database: string): string =>
    `Leftovers of died operations on database "${database}" were not repaired`;
  return withOperation({ command: 'repair', target, options, failure }, async ({ recovered }) =>
    Promise.resolve({ changed: recovered }),
  );
}
