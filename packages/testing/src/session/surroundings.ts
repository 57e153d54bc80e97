import type { ServerSession } from './server-session.js';

/** What is in and around a database beside its content. */
export interface Surroundings {
  /** Session ids of everybody else who is on it. */
  readonly pids: readonly number[];
  /** Global ids of prepared transactions. */
  readonly prepared: readonly string[];
  /** Logical replication slots. */
  readonly slots: readonly string[];
  readonly subscriptions: number;
  /** What the shared catalogs say of the database: owner, privileges, settings, comment, labels, limits. */
  readonly facts: string;
  /** The id that the next transaction to write will get, or a later one, as rows have it. */
  readonly nextTransaction: string;
}

/**
 * One query, about the database that the session is on. Workers of autovacuum are the server's own. A backend that is
 * no longer listed has ended its transactions (`ShutdownPostgres()`, src/backend/utils/init/postinit.c, comes before
 * `pgstat_beshutdown_hook()`).
 */
const surroundingsQuery = `
SELECT ARRAY(SELECT pid FROM pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_backend_pid()
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

/** Looks. */
export async function readSurroundings(session: ServerSession): Promise<Surroundings> {
  const { rows } = await session.query<Surroundings>({
    name: 'pg_evict_surroundings',
    text: surroundingsQuery,
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the server does not list the database we are on');
  return { ...row, nextTransaction: toTransactionId(row.nextTransaction) };
}

/** The last 32 bits of a full transaction id, which is what a row has; not one of the three that mean something else. */
export function toTransactionId(full: string): string {
  const id = BigInt(full) % 2n ** 32n;
  return String(id < 3n ? 3n : id);
}
