import type { Deadline } from '../contract/deadline.js';
import { errorWithRemedies, isPgEvictError, withAnotherRemedy } from '../contract/error.js';
import { sqlStateOf } from '../contract/server-error.js';
import { connect, type Connection } from './connect.js';
import { isPooled } from './pooler.js';
import { disconnect } from './silence.js';
import type { ResolvedTarget } from './target.js';

/**
 * Opens `count` connections to the maintenance database at once, lends them to `callback` and closes them in every
 * case. All are on the same database, because NOTIFY only reaches sessions of one database.
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
  const { connections, name } = await onMaintenanceDatabase(
    target.maintenanceDatabases,
    async (database) => ({
      connections: await connectAll(target, database, deadline, count),
      name: database,
    }),
  );
  try {
    return await callback(connections as unknown as [Connection, Connection], name);
  } catch (error) {
    throw throughPooler(error, target, connections);
  } finally {
    await closeAll(connections, deadline);
  }
}

/** A pooler has its own names for databases, which the server does not know. */
function throughPooler(
  error: unknown,
  { database }: ResolvedTarget,
  connections: readonly Connection[],
): unknown {
  if (!isPgEvictError(error) || error.code !== 'DATABASE_NOT_FOUND' || error.database !== database)
    return error;
  return connections.some(isPooled)
    ? withAnotherRemedy(error, { kind: 'name-behind-pooler', database })
    : error;
}

async function connectAll(
  { settings }: ResolvedTarget,
  database: string,
  deadline: Deadline,
  count: number,
): Promise<Connection[]> {
  const attempts = await Promise.allSettled(
    Array.from({ length: count }, async () => connect(settings, database, deadline)),
  );
  const made = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  if (failed === undefined) return made;
  await closeAll(made, deadline);
  throw failed.reason;
}

async function closeAll(connections: readonly Connection[], deadline: Deadline): Promise<void> {
  await Promise.all(connections.map(async ({ client }) => disconnect(client, deadline)));
}

/**
 * Opens something on the first maintenance database that exists.
 *
 * @param open rejects with the driver's error where the database does not exist (3D000)
 * @throws {@link PgEvictError} `CONNECTION_FAILED` if there is none
 */
export async function onMaintenanceDatabase<T>(
  databases: readonly string[],
  open: (database: string) => Promise<T>,
): Promise<T> {
  let missing: unknown;
  for (const database of databases) {
    try {
      return await open(database);
    } catch (error) {
      if (sqlStateOf(error) !== '3D000') throw error;
      missing = error;
    }
  }
  const names = databases.map((name) => `"${name}"`).join(' or ');
  throw errorWithRemedies(
    'CONNECTION_FAILED',
    `There is no maintenance database ${names}.`,
    [{ kind: 'other-maintenance-database', exists: false }],
    { sqlState: '3D000', cause: missing },
  );
}
