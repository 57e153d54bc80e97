import { withMaintenanceConnections } from '../connection/maintenance.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import { translateError } from '../contract/server-error.js';

/** Without templates, and without databases to which an operation, or a test run, has given a name. */
const databasesQuery = `
SELECT datname AS name FROM pg_database
WHERE NOT datistemplate AND datconnlimit <> -2 AND datname !~ '^pg_evict_(new|old|drop|held)_' ORDER BY 1`;

/**
 * Lists the names of the databases on a server that a user may want to name. Changes nothing.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function listDatabases(target: Target, options: DeadlineOptions = {}): Promise<string[]> {
  const resolved = resolveTarget({ ...target, database: target.database ?? 'postgres' });
  return withMaintenanceConnections(resolved, deadlineOf(options), 1, async ([{ client }]) => {
    const { rows } = await client.query<{ name: string }>(databasesQuery).catch((error: unknown) => {
      throw translateError(error, 'The databases were not listed', { database: resolved.database });
    });
    return rows.map(({ name }) => name);
  });
}
