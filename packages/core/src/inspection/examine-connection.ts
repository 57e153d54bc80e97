import { locationOf, type ServerLocation } from '../connection/locate-server.js';
import { withMaintenanceConnections } from '../connection/maintenance.js';
import { isPooled } from '../connection/pooler.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import { grantStatement } from '../contract/remedy.js';
import type { Standby } from '../contract/report.js';
import { translateError } from '../contract/server-error.js';
import { untestedMajorOf } from '../contract/tested-majors.js';
import { isOutdated } from '../database/collation-version.js';
import { findStandbys } from '../blockers/find-standbys.js';

/** A server as a role sees it, with the role's privileges there. */
export interface ConnectionFacts extends ServerLocation {
  readonly serverVersion: string;
  /** Its major version if pg-evict is not tested with it; `null` if it is. An untested server is not refused. */
  readonly untestedMajor: number | null;
  /** Whether the server is a standby, where sessions can be listed and terminated, and nothing else is possible. */
  readonly standby: boolean;
  /** The standbys that follow it. */
  readonly standbys: readonly Standby[];
  /**
   * Whether template1 was created with other collations than the server has now: from 15 on, it cannot be copied then.
   */
  readonly templateOutdated: boolean;
  /** The database that administrative commands connect to. */
  readonly maintenanceDatabase: string;
  /** The role connected as. */
  readonly role: string;
  readonly superuser: boolean;
  readonly createdb: boolean;
  /** May end sessions of every role that is not a superuser. */
  readonly signalBackend: boolean;
  /** Sees queries and states of other roles' sessions. */
  readonly readAllStats: boolean;
  /** Statements that grant the missing privileges; `null` if none can be granted. */
  readonly grants: { readonly signalBackend: string | null; readonly readAllStats: string | null };
  /** Whether a pooler between us and the server lends connections out (PgBouncer, …). */
  readonly pooler: boolean;
  /** Roles that identify a managed service: `rds_superuser`, `cloudsqlsuperuser`, `azure_pg_admin`, … */
  readonly serviceRoles: readonly string[];
  /** The server's own address of this connection (`inet_server_addr()`); `null` through a Unix socket. */
  readonly serverAddress: string | null;
  /** Our address as the server sees it (`inet_client_addr()`); `null` through a Unix socket. */
  readonly clientAddress: string | null;
  /** Databases on the server that an interrupted DROP DATABASE left unusable. */
  readonly invalidDatabases: readonly string[];
}

/** Facts that the server reports over the connection. */
type Asked = Omit<ConnectionFacts, keyof ServerLocation | 'pooler' | 'maintenanceDatabase'>;
type RoleFacts = Omit<Asked, 'untestedMajor' | 'standbys' | 'templateOutdated' | 'grants'>;

/**
 * The facts that decide how something has to be granted to the role; the version also says whether pg-evict is tested
 * with the server.
 */
interface Membership {
  readonly inherits: boolean;
  readonly signalMember: boolean;
  readonly statsMember: boolean;
  readonly versionNumber: number;
}

/** $1 roles of managed services. */
const factsQuery = `
SELECT current_setting('server_version') AS "serverVersion", pg_is_in_recovery() AS standby, rolname AS role, rolsuper AS superuser,
  rolsuper OR rolcreatedb AS createdb, pg_has_role(oid, 'pg_signal_backend', 'USAGE') AS "signalBackend",
  pg_has_role(oid, 'pg_read_all_stats', 'USAGE') AS "readAllStats",
  rolinherit AS inherits, pg_has_role(oid, 'pg_signal_backend', 'MEMBER') AS "signalMember",
  pg_has_role(oid, 'pg_read_all_stats', 'MEMBER') AS "statsMember", current_setting('server_version_num')::int AS "versionNumber",
  ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($1) ORDER BY 1) AS "serviceRoles",
  host(inet_server_addr()) AS "serverAddress", host(inet_client_addr()) AS "clientAddress",
  ARRAY(SELECT datname::text FROM pg_database WHERE datconnlimit = -2 ORDER BY 1) AS "invalidDatabases"
FROM pg_roles WHERE rolname = current_user`;

const knownServiceRoles = [
  'rds_superuser',
  'cloudsqlsuperuser',
  'alloydbsuperuser',
  'azure_pg_admin',
  'neon_superuser',
  'supabase_admin',
  'doadmin',
  'avnadmin',
];

/**
 * Examines a connection: the server, the role and its privileges, and proxies in between. Changes nothing. The target's
 * database need not exist.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function examineConnection(
  target: Target,
  options: DeadlineOptions = {},
): Promise<ConnectionFacts> {
  const resolved = resolveTarget({ ...target, database: target.database ?? 'postgres' });
  return withMaintenanceConnections(
    resolved,
    deadlineOf(options),
    1,
    async ([connection], maintenanceDatabase) => {
      const { client } = connection;
      const asked = async (): Promise<Asked> => {
        const { rows } = await client.query<RoleFacts & Membership>(factsQuery, [knownServiceRoles]);
        const { inherits, signalMember, statsMember, versionNumber, ...said } = rows[0] as RoleFacts &
          Membership;
        const grant = (to: string, member: boolean): string =>
          grantStatement(to, { to: said.role, inherits, member, option: 'INHERIT', versionNumber });
        return {
          ...said,
          untestedMajor: untestedMajorOf(versionNumber),
          grants: {
            signalBackend: said.signalBackend ? null : grant('pg_signal_backend', signalMember),
            readAllStats: said.readAllStats ? null : grant('pg_read_all_stats', statsMember),
          },
          standbys: await findStandbys(client),
          templateOutdated: await isOutdated(client, 'template1'),
        };
      };
      const facts = await asked().catch((error: unknown) => {
        throw translateError(error, 'The connection was not examined', { database: resolved.database });
      });
      return { ...locationOf(client), ...facts, maintenanceDatabase, pooler: isPooled(connection) };
    },
  );
}
