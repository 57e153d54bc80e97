import { connect } from '../connection/connect.js';
import { disconnect } from '../connection/silence.js';
import { currentRoleQuery } from '../connection/current-role.js';
import { withMaintenanceConnections } from '../connection/maintenance.js';
import { isQueryable, type Queryable, seeAnew } from '../connection/queryable.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import { assertOptions } from '../contract/options.js';
import { translateError } from '../contract/server-error.js';
import type { Session, SessionFilter, SessionPattern } from '../contract/session.js';
import { whyMissing } from '../database/set-aside.js';
import { assertFilter, filterCondition, filterParameter, filterTables, keepParameter } from './filter.js';
import { resolveTable } from './resolve-table.js';
import { sessionColumns, type SessionRow, sessionTables, toSession } from './row.js';

/** Options of {@link listSessions}. */
export interface ListSessionsOptions extends DeadlineOptions {
  /**
   * The database, if a client is given instead of a target.
   * @default the database the client is connected to
   */
  readonly database?: string | undefined;
  /** Selects sessions. @default all others of the database */
  readonly filter?: SessionFilter | undefined;
  /** Sessions that would be kept: their `canTerminate` is false. @default none */
  readonly keep?: readonly SessionPattern[] | undefined;
}

/** $1 database, $2 filter, $3 sessions to keep. Blockers and locks come from views that hide nothing. */
const listQuery = `
WITH RECURSIVE me AS (${currentRoleQuery}), ${filterTables('$2')}
SELECT ${sessionColumns}, coalesce(w.blockers, '{}') AS blockers, l.mode, l.locktype, l.relation::bigint::float8 AS relation,
  coalesce(l.transactionid::text, l.virtualxid, l.relation::text, l.objid::text) AS object
FROM f CROSS JOIN ${sessionTables('$3')} LEFT JOIN waiting w ON w.pid = a.pid
  LEFT JOIN LATERAL (SELECT * FROM pg_locks l WHERE l.pid = a.pid AND NOT l.granted LIMIT 1) AS l ON true
WHERE a.datname = coalesce($1, current_database()) AND a.pid <> pg_backend_pid() AND ${filterCondition}
ORDER BY a.backend_start NULLS LAST, a.pid`;

type ListRow = SessionRow & {
  readonly blockers: readonly number[];
  readonly mode: string | null;
  readonly locktype: string;
  readonly relation: number | null;
  readonly object: string | null;
};

/**
 * Lists the other sessions on a database, oldest first. Changes nothing. Needs no privilege; without
 * `pg_read_all_stats` the server hides most facts about sessions of other roles (`null` then). To name tables that
 * sessions wait for, it connects to the database itself for a moment.
 *
 * @throws {@link PgEvictError} `DATABASE_NOT_FOUND`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function listSessions(
  target: Target | Queryable,
  options: ListSessionsOptions = {},
): Promise<Session[]> {
  assertOptions('listSessions', options, {
    timeoutMs: true,
    signal: true,
    database: true,
    filter: true,
    keep: true,
  });
  assertFilter(options.filter);
  const { filter = {}, keep = [] } = options;
  const deadline = deadlineOf(options);
  if (isQueryable(target)) {
    const { database } = options;
    deadline.throwIfOver(database, 'Nothing was changed.');
    try {
      const tableOid = await resolveTable(target, filter.blockingTable, database);
      await seeAnew(target);
      return await list(target, database ?? null, filterParameter(filter, tableOid), keep, async (oids) =>
        tableNames(target, oids),
      );
    } catch (error) {
      throw translateError(error, 'The sessions were not listed', { database });
    }
  }
  const resolved = resolveTarget(target);
  const { database, settings } = resolved;
  return withMaintenanceConnections(resolved, deadline, 1, async ([{ client }]) => {
    try {
      const tableOid = await resolveTable({ ...resolved, deadline }, filter.blockingTable);
      return await list(client, database, filterParameter(filter, tableOid), keep, async (oids) => {
        const inside = await connect(settings, database, deadline);
        try {
          return await tableNames(inside.client, oids);
        } finally {
          await disconnect(inside.client);
        }
      });
    } catch (error) {
      throw translateError(error, `The sessions of database "${database}" were not listed`, { database });
    }
  });
}

async function list(
  client: Queryable,
  database: string | null,
  filter: string,
  keep: readonly SessionPattern[],
  names: (oids: readonly number[]) => Promise<ReadonlyMap<number, string>>,
): Promise<Session[]> {
  const rows = (await client.query(listQuery, [database, filter, keepParameter(keep)]))
    .rows as unknown as ListRow[];
  const oids = rows.flatMap(({ relation }) => (relation === null ? [] : [relation]));
  if (rows.length === 0 && database !== null) await assertExists(client, database);
  // A database that rejects connections is listed all the same, with oids for names.
  const tables =
    oids.length === 0 ? new Map<number, string>() : await names(oids).catch(() => new Map<number, string>());
  return rows.map((row) => ({
    ...toSession(row),
    blockedBy: row.blockers,
    waitsFor:
      row.mode === null
        ? null
        : `${row.mode} on ${tables.get(row.relation ?? 0) ?? `${row.locktype} ${row.object ?? ''}`}`,
  }));
}

async function tableNames(client: Queryable, oids: readonly number[]): Promise<Map<number, string>> {
  const { rows } = await client.query(
    // Of text and text, so that no operator on the search path of the caller's client fits better.
    `SELECT c.oid::bigint::float8 AS oid, n.nspname::text || '.' || c.relname::text AS name
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[])`,
    [oids],
  );
  return new Map(rows.map((row) => [row['oid'] as number, row['name'] as string]));
}

/** An empty list must not hide a wrong name. */
async function assertExists(client: Queryable, database: string): Promise<void> {
  const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (rows.length === 0) throw await whyMissing(client, database);
}
