import type { Deadline } from '../contract/deadline.js';
import { errorWithRemedies } from '../contract/error.js';
import { sqlStateOf } from '../contract/server-error.js';
import { connect, type Connection, disconnect } from './connect.js';
import type { ResolvedTarget } from './target.js';

/**
 * Opens `count` connections to the maintenance database at once, lends them to `callback` and closes them in every
 * case. All are on the same database: NOTIFY wakes nobody elsewhere.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `TIMEOUT`, `ABORTED`
 */
export async function withMaintenanceConnections<T>(
  target: ResolvedTarget,
  deadline: Deadline,
  count: 1 | 2,
  callback: (
    // The second is there if two were asked for.
    connections: readonly [Connection, Connection],
    maintenanceDatabase: string,
  ) => Promise<T>,
): Promise<T> {
  deadline.throwIfOver(target.database, 'Nothing was changed.');
  let missing: unknown;
  for (const database of target.maintenanceDatabases) {
    const attempts = await Promise.allSettled(
      Array.from({ length: count }, async () => connect(target.settings, database, deadline)),
    );
    const connections = attempts.flatMap((attempt) =>
      attempt.status === 'fulfilled' ? [attempt.value] : [],
    );
    try {
      const failed = attempts.find((attempt) => attempt.status === 'rejected');
      if (failed === undefined)
        return await callback(connections as unknown as [Connection, Connection], database);
      if (sqlStateOf(failed.reason) !== '3D000') throw failed.reason;
      missing = failed.reason;
    } finally {
      await Promise.all(connections.map(async ({ client }) => disconnect(client)));
    }
  }
  const names = target.maintenanceDatabases.map((name) => `"${name}"`).join(' or ');
  throw errorWithRemedies(
    'CONNECTION_FAILED',
    `There is no maintenance database ${names}.`,
    [{ kind: 'other-maintenance-database', exists: false }],
    { sqlState: '3D000', cause: missing },
  );
}
