import { Deadline, type DeadlineOptions } from './deadline.js';
import { isQueryable, type Queryable } from './queryable.js';
import { currentRoleQuery, sessionColumns, toSession, type Session, type SessionRow } from './session.js';
import { resolveTarget, type Target } from './target.js';
import { translateError } from './translate-error.js';
import { withMaintenanceConnections } from './with-maintenance-connections.js';

/** Options of {@link listSessions}. */
export interface ListSessionsOptions extends DeadlineOptions {
  /**
   * The database, where a client is given instead of a target.
   * @default the database the client is connected to
   */
  readonly database?: string | undefined;
}

const listQuery = `
WITH me AS (${currentRoleQuery})
SELECT ${sessionColumns} FROM pg_stat_activity a CROSS JOIN me LEFT JOIN pg_roles r ON r.oid = a.usesysid
WHERE a.datname = coalesce($1, current_database()) AND a.pid <> pg_backend_pid()
ORDER BY a.backend_start NULLS LAST, a.pid`;

/**
 * Lists the other sessions on a database, oldest first. Changes nothing. Needs no privilege; without
 * `pg_read_all_stats` the server hides most of what it knows about sessions of other roles (`null` then).
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function listSessions(
  target: Target | Queryable,
  options: ListSessionsOptions = {},
): Promise<Session[]> {
  const list = async (client: Queryable, database: string | null): Promise<Session[]> => {
    const { rows } = await client.query(listQuery, [database]);
    return (rows as unknown as SessionRow[]).map(toSession);
  };
  if (isQueryable(target)) return list(target, options.database ?? null);
  const resolved = resolveTarget(target);
  return withMaintenanceConnections(resolved, new Deadline(options), 1, async ([connection]) =>
    list((connection as NonNullable<typeof connection>).client, resolved.database).catch((error: unknown) => {
      throw translateError(
        error,
        `The sessions of database "${resolved.database}" were not listed`,
        resolved,
      );
    }),
  );
}
