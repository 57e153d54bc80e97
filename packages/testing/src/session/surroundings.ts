import type { ServerSession } from './server-session.js';

/** An idle session without a transaction or locks. */
export interface IdleSession {
  readonly pid: number;
  /** The time when it became idle, by the server's clock: if it differs, the session has done something. */
  readonly since: string;
}

/** The state in and around a database beside its content. */
export interface Surroundings {
  /** Session ids of all others on it, except idle ones. */
  readonly pids: readonly number[];
  /** Those that may stay while rows are undone; none unless requested. */
  readonly idle: readonly IdleSession[];
  /** Global ids of prepared transactions. */
  readonly prepared: readonly string[];
  /** Logical replication slots. */
  readonly slots: readonly string[];
  readonly subscriptions: number;
  /** The database's entries in the shared catalogs: owner, privileges, settings, comment, labels, limits. */
  readonly facts: string;
  /** The id that the next transaction to write will get, or a later one, in the form that rows have. */
  readonly nextTransaction: string;
}

/** More sessions than a pool has are leftovers of others. */
const idleAtMost = 20;

/**
 * Those that have become idle last. The backend's state changes before it begins anything, and the query's snapshot is
 * older than its look at the state. So writes of a session that is idle then are visible to the next query, and its
 * later writes have a transaction id that counts as new. A temporary object, or a sequence value that was cached, would
 * outlive the reset; a session does not report those.
 */
const idleColumn = String.raw`(SELECT coalesce(json_agg(i), '[]') FROM (SELECT a.pid, a.state_change::text AS since
  FROM pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
    AND a.state = 'idle' AND a.backend_xid IS NULL AND a.backend_xmin IS NULL
    AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.mode <> 'SIReadLock')
    AND NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = a.pid)
    AND NOT EXISTS (SELECT FROM pg_depend t JOIN pg_namespace n ON n.oid = t.refobjid
      WHERE t.refclassid = 'pg_namespace'::regclass AND n.nspname ~ '^pg_temp_\d+$')
    AND NOT EXISTS (SELECT FROM pg_sequence WHERE seqcache > 1)
  ORDER BY a.state_change DESC, a.pid LIMIT ${idleAtMost}) i)`;

/**
 * One query, about the database that the session is on. Workers of autovacuum are the server's own. A backend that is
 * no longer listed has ended its transactions (`ShutdownPostgres()`, src/backend/utils/init/postinit.c, comes before
 * `pgstat_beshutdown_hook()`).
 */
const surroundingsQuery = (idle: string): string => `
SELECT ${idle} AS idle, ARRAY(SELECT pid FROM pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid()
    AND a.usesysid IS NOT NULL AND a.backend_type IS DISTINCT FROM 'parallel worker') AS pids,
  ARRAY(SELECT gid FROM pg_prepared_xacts p WHERE p.database = d.datname) AS prepared,
  ARRAY(SELECT slot_name::text FROM pg_replication_slots s WHERE s.database = d.datname) AS slots,
  (SELECT count(*)::int FROM pg_subscription s WHERE s.subdbid = d.oid) AS subscriptions,
  jsonb_build_array(to_jsonb(d) - '{datfrozenxid,datminmxid,datacl}'::text[], d.datacl::text,
    shobj_description(d.oid, 'pg_database'),
    (SELECT jsonb_agg(jsonb_build_array(setrole::bigint, setconfig) ORDER BY setrole) FROM pg_db_role_setting
      WHERE setdatabase = d.oid),
    (SELECT jsonb_agg(jsonb_build_array(provider, label) ORDER BY provider) FROM pg_shseclabel l
      WHERE l.objoid = d.oid AND l.classoid = 'pg_database'::regclass))::text AS facts,
  pg_snapshot_xmax(pg_current_snapshot())::text AS "nextTransaction"
FROM pg_database d WHERE d.datname = current_database()`;

const surroundingsName = 'pg_evict_surroundings';

/** SQL that a session may run once it has read the surroundings before, together with other statements. */
export const surroundingsAgain = `EXECUTE ${surroundingsName}`;

/**
 * Reads the surroundings.
 *
 * @param keepIdle whether idle sessions may stay
 */
export async function readSurroundings(session: ServerSession, keepIdle = false): Promise<Surroundings> {
  const { rows } = await session.query<Surroundings>({
    name: keepIdle ? `${surroundingsName}_idle` : surroundingsName,
    text: surroundingsQuery(keepIdle ? idleColumn : `'[]'::json`),
  });
  return toSurroundings(rows);
}

/** What the query has returned. */
export function toSurroundings([row]: readonly Surroundings[]): Surroundings {
  if (row === undefined) throw new Error('the server does not list the database we are on');
  const idle = new Set(row.idle.map(({ pid }) => pid));
  return {
    ...row,
    pids: row.pids.filter((pid) => !idle.has(pid)),
    nextTransaction: toTransactionId(row.nextTransaction),
  };
}

/** The last 32 bits of a full transaction id, which is what a row has; not one of the three that mean something else. */
export function toTransactionId(full: string): string {
  const id = BigInt(full) % 2n ** 32n;
  return String(id < 3n ? 3n : id);
}
