import { Deadline, type DeadlineOptions } from './deadline.js';
import { locationOf, type ServerLocation } from './locate-server.js';
import { readProtection } from './protection-label.js';
import { resolveTarget, type Target } from './target.js';
import { translateError } from './translate-error.js';
import { withMaintenanceConnections } from './with-maintenance-connections.js';

/** What a person wants to see before saying yes. */
export interface DatabaseDescription extends ServerLocation {
  readonly database: string;
  readonly serverVersion: string;
  /** The role connected as. */
  readonly role: string;
  readonly exists: boolean;
  readonly owner: string | null;
  /** `null` when the database does not exist or the role may not ask. */
  readonly sizeBytes: number | null;
  /** Why it is protected by a label on the server; `null` if it is not, empty if no reason was given. */
  readonly protection: string | null;
}

type DescriptionRow = Pick<
  DatabaseDescription,
  'serverVersion' | 'role' | 'exists' | 'owner' | 'sizeBytes'
> & { readonly comment: string | null };

const describeQuery = `
SELECT current_setting('server_version') AS "serverVersion", current_user AS role, d.oid IS NOT NULL AS exists,
  pg_get_userbyid(d.datdba) AS owner,
  CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
    THEN pg_database_size(d.oid)::float8 END AS "sizeBytes", shobj_description(d.oid, 'pg_database') AS comment
FROM (SELECT) AS one LEFT JOIN pg_database d ON d.datname = $1`;

/**
 * Describes a database and its server. Changes nothing, and does not connect to the database itself.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function describeDatabase(
  target: Target,
  options: DeadlineOptions = {},
): Promise<DatabaseDescription> {
  const resolved = resolveTarget(target);
  const { database } = resolved;
  return withMaintenanceConnections(resolved, new Deadline(options), 1, async ([{ client }]) => {
    const { rows } = await client.query<DescriptionRow>(describeQuery, [database]).catch((error: unknown) => {
      throw translateError(error, `Database "${database}" was not described`, { database });
    });
    const { comment, ...facts } = rows[0] as DescriptionRow;
    return { database, ...locationOf(client), ...facts, protection: readProtection(comment).reason };
  });
}
