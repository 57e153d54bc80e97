import type { Client } from 'pg';
import { Deadline, type DeadlineOptions } from './deadline.js';
import { readProtection } from './protection-label.js';
import { resolveTarget, type Target } from './target.js';
import { translateError } from './translate-error.js';
import { withMaintenanceConnections } from './with-maintenance-connections.js';

/** What a person wants to see before saying yes. */
export interface DatabaseDescription {
  readonly database: string;
  /** `host:port`, or the directory of a Unix socket. */
  readonly server: string;
  /** Whether the server is on this machine, judged by the address connected to. */
  readonly local: boolean;
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
    return { database, ...serverOf(client), ...facts, protection: readProtection(comment).reason };
  });
}

/**
 * The server a client is connected to, and whether it is on this machine.
 *
 * @internal
 */
export function serverOf({ host, port }: Client): Pick<DatabaseDescription, 'server' | 'local'> {
  const isSocket = host.startsWith('/');
  return {
    server: isSocket ? host : `${host}:${port}`,
    local: isSocket || /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host),
  };
}
