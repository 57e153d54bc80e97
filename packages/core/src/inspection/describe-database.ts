import { locationOf, type ServerLocation } from '../connection/locate-server.js';
import { withMaintenanceConnections } from '../connection/maintenance.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import { apiWords, remedyText } from '../contract/remedy.js';
import { translateError } from '../contract/server-error.js';
import { guardOf } from '../guards/built-in.js';
import { ownershipRemedy } from '../guards/preconditions.js';
import { readProtection } from '../guards/protection-label.js';

/** Facts about a database for a confirmation prompt. */
export interface DatabaseDescription extends ServerLocation {
  readonly database: string;
  readonly serverVersion: string;
  /** The role connected as. */
  readonly role: string;
  readonly exists: boolean;
  readonly owner: string | null;
  /** SQL that would give the role its owner's privileges; `null` if it has them, or the database does not exist. */
  readonly ownershipRemedy: string | null;
  /** `null` if the database does not exist or the role may not query it. */
  readonly sizeBytes: number | null;
  /** Why it is protected by a label on the server; `null` if it is not, empty if no reason was given. */
  readonly protection: string | null;
  /** The reason why it is protected regardless of its label, worded to follow its name; `null` if there is none. */
  readonly guarded: string | null;
}

type DescriptionRow = Pick<
  DatabaseDescription,
  'serverVersion' | 'role' | 'exists' | 'owner' | 'sizeBytes'
> & {
  readonly ownerSuperuser: boolean | null;
  readonly owned: boolean | null;
  readonly ownerMember: boolean | null;
  readonly inherits: boolean;
  readonly versionNumber: number;
  readonly comment: string | null;
};

const describeQuery = `
SELECT current_setting('server_version') AS "serverVersion", current_user AS role, d.oid IS NOT NULL AS exists,
  pg_get_userbyid(d.datdba) AS owner, pg_has_role(d.datdba, 'USAGE') AS owned,
  pg_has_role(d.datdba, 'MEMBER') AS "ownerMember", (SELECT rolinherit FROM pg_roles WHERE rolname = current_user) AS inherits,
  current_setting('server_version_num')::int AS "versionNumber",
  (SELECT o.rolsuper FROM pg_roles o WHERE o.oid = d.datdba) AS "ownerSuperuser",
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
  return withMaintenanceConnections(resolved, deadlineOf(options), 1, async ([{ client }]) => {
    const { rows } = await client.query<DescriptionRow>(describeQuery, [database]).catch((error: unknown) => {
      throw translateError(error, `Database "${database}" was not described`, { database });
    });
    const { comment, inherits, owned, ownerMember, ownerSuperuser, versionNumber, ...facts } =
      rows[0] as DescriptionRow;
    const { owner, role } = facts;
    return {
      database,
      ...locationOf(client),
      ...facts,
      ownershipRemedy:
        owned === false && owner !== null
          ? remedyText(
              ownershipRemedy(
                {
                  name: database,
                  owner,
                  ownerSuperuser: ownerSuperuser === true,
                  ownerMember: ownerMember === true,
                },
                { role, inherits, versionNumber },
              ),
              apiWords,
            )
          : null,
      protection: readProtection(comment).reason,
      guarded: guardOf(database, resolved)?.why ?? null,
    };
  });
}
