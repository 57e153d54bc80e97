import type { Client } from 'pg';
import { currentRoleQuery } from '../connection/current-role.js';
import type { SessionPattern } from '../contract/session.js';
import { commentProtects } from '../guards/protection-label.js';
import { keepParameter } from '../sessions/filter.js';
import { sessionColumns, type SessionRow, sessionTables } from '../sessions/row.js';

/** A session in the way, and the action taken. */
export interface EvictionRow extends SessionRow {
  /** Its backend holds the connection lock of the database but is not listed yet. */
  readonly starting: boolean;
  /**
   * The role may neither see its kind nor terminate it, but the server itself might: DROP, RENAME and CREATE terminate
   * autovacuum workers on each of their checks.
   */
  readonly unidentified: boolean;
  /** The runner holds the lock on its database. */
  readonly locked: boolean;
  /** It blocks the runner, and every session in the way may be terminated. */
  readonly in_the_way: boolean;
  /** Its client does not know yet that it is connected. */
  readonly connecting: boolean;
  /**
   * It runs a query, or is in a transaction, or the server hides its state. Only client backends that are connected can
   * be busy.
   */
  readonly busy: boolean;
  /** For how long, in milliseconds. */
  readonly busy_ms: number;
  /** It waits for a lock of the runner, or one of its parallel workers does. */
  readonly waits_for_runner: boolean;
  /** SIGTERM was sent. */
  readonly signalled: boolean;
}

/** The result of one sweep. */
export interface EvictionRound {
  /** The databases on which the runner holds the lock that keeps newcomers out. */
  readonly held: readonly string[];
  /** Pids whose locks the runner waits for, or will have to, in any database. */
  readonly waitingFor: readonly number[];
  /** The first of the databases that is protected by a label. */
  readonly protected: string | null;
  /** The runner's wait event, as `pg_stat_activity` names it. */
  readonly runnerWait: string | null;
  readonly rows: readonly EvictionRow[];
}

/**
 * Looks and terminates in one statement, so that no pid can pass to another process between the two. $1 databases, $2
 * the runner's pid, $3 whether to terminate, $4 sessions to keep, $5 pids that have been connecting for too long, $6
 * whether labels are ignored, $7 databases whose lock was held before, $8 whether to terminate only sessions that are
 * not busy.
 *
 * A session is terminated only
 * - once the runner was seen to hold the lock on its database (AccessExclusiveLock for DROP and RENAME, ShareLock for
 *   the source of CREATE), because before that the operation may still fail for another reason, or
 * - if the runner waits for that very session, and
 * - if no session on any of the databases is denied or to be kept, and
 * - if none of the databases is protected, and
 * - if no other session is changing the row of a database (an uncommitted ALTER DATABASE or GRANT): the runner already
 *   has its lock then, but would wait for the row, and
 * - if it has finished connecting: one that is still connecting is done in a moment. If it were terminated before, its
 *   client would be refused, and once more when it reconnects and queues. Only a session that hangs while it connects
 *   is terminated in that state.
 *
 * A backend in startup holds RowExclusiveLock on its database (`InitPostgres()`, src/backend/utils/init/postinit.c)
 * before it is listed under its database. The runner cannot have its lock then, so the backend is terminated only if
 * the runner waits for it. Backends that connect after the lock is gone, to the database that has the name by then, are
 * not terminated.
 *
 * Parallel workers end with their leader. Clients queued behind our lock hold nothing and are left alone: terminated,
 * they would reconnect and queue again. When the lock is released, the server checks the name again by itself.
 */
const sweepQuery = `
WITH me AS MATERIALIZED (${currentRoleQuery}),
activity AS MATERIALIZED (SELECT * FROM pg_stat_activity),
d AS MATERIALIZED (
  SELECT oid, xmax, datname, ${commentProtects(`coalesce(shobj_description(oid, 'pg_database'), '')`)} AS protected
  FROM pg_database WHERE datname = ANY ($1::name[])),
granted AS MATERIALIZED (
  SELECT locktype, classid, objid, transactionid, mode, pid FROM pg_locks
  WHERE granted AND locktype IN ('object', 'transactionid')),
l AS MATERIALIZED (
  SELECT g.pid, g.objid, g.mode FROM granted g JOIN d ON g.objid = d.oid
  WHERE g.locktype = 'object' AND g.classid = 'pg_database'::regclass),
waiting AS MATERIALIZED (
  SELECT wait_event, CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids($2) ELSE '{}' END AS pids
  FROM (SELECT) AS one LEFT JOIN activity ON pid = $2),
changing AS MATERIALIZED (
  SELECT g.pid FROM granted g JOIN d ON g.transactionid = d.xmax WHERE g.locktype = 'transactionid' AND g.pid <> $2),
queued AS MATERIALIZED (
  SELECT pid, leader_pid FROM activity
  WHERE CASE WHEN wait_event_type = 'Lock' THEN $2 = ANY (pg_blocking_pids(pid)) ELSE false END),
s AS MATERIALIZED (
  SELECT ${sessionColumns}, a.datid, false AS starting,
    a.usesysid IS NULL AND NOT me.super AND a.backend_type IS DISTINCT FROM 'walsender' AS unidentified,
    a.usesysid IS NOT NULL AND coalesce(a.backend_type, 'client backend') = 'client backend'
      AND a.state IS DISTINCT FROM 'idle' AS busy,
    coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.state_change)) * 1000, 0)::float8 AS busy_ms,
    EXISTS (SELECT FROM queued w WHERE w.pid = a.pid OR w.leader_pid = a.pid) AS waits_for_runner
  FROM ${sessionTables('$4', 'activity')} WHERE a.datid IN (SELECT oid FROM d) AND a.backend_type IS DISTINCT FROM 'parallel worker'
  UNION ALL
  SELECT NULL, l.pid, NULL, NULL, NULL, NULL, 'starting', NULL, NULL, NULL, '{}', NULL, NULL, false, false, false, me.name,
    me.inherits, me.member_of_signallers, me.version, l.objid, true, false, false, 0, false
  FROM l CROSS JOIN me WHERE l.mode = 'RowExclusiveLock' AND l.pid IS NOT NULL AND NOT EXISTS (
    SELECT FROM activity a WHERE a.pid = l.pid AND a.datid IS NOT NULL)),
held AS MATERIALIZED (
  SELECT DISTINCT d.oid AS objid, d.datname, d.datname = ANY ($7::name[]) AS before
  FROM l JOIN d ON d.oid = l.objid WHERE l.pid = $2 AND l.mode IN ('AccessExclusiveLock', 'ShareLock')),
verdict AS MATERIALIZED (
  SELECT $3 AND coalesce(bool_and(can_terminate OR starting), true)
    AND ($6 OR NOT EXISTS (SELECT FROM d WHERE protected))
    AND NOT EXISTS (SELECT FROM changing WHERE pid NOT IN (SELECT pid FROM s)) AS go FROM s),
decided AS MATERIALIZED (
  SELECT s.*, h.objid IS NOT NULL AS locked,
    verdict.go AND (coalesce(h.before, false) OR s.pid = ANY (waiting.pids)) AS in_the_way,
    s.starting OR (s.state IS NULL AND s.started_at IS NOT NULL AND s.backend_type = 'client backend')
      OR EXISTS (SELECT FROM l WHERE l.pid = s.pid AND l.mode = 'RowExclusiveLock') AS connecting
  FROM s CROSS JOIN verdict CROSS JOIN waiting LEFT JOIN held h ON h.objid = s.datid)
SELECT s.*, waiting.pids || ARRAY(SELECT pid FROM changing) AS waiting_for, waiting.wait_event AS runner_wait, ARRAY(SELECT datname::text FROM held) AS held,
  (SELECT min(datname::text) FROM d WHERE protected) AS protected,
  CASE WHEN s.in_the_way AND s.can_terminate AND (NOT s.connecting OR s.pid = ANY ($5::int[])) AND NOT ($8 AND s.busy)
    THEN pg_terminate_backend(s.pid) ELSE false END AS signalled
FROM waiting LEFT JOIN decided s ON true`;

type ResultRow = EvictionRow & {
  readonly held: readonly string[];
  readonly protected: string | null;
  readonly waiting_for: readonly number[];
  readonly runner_wait: string | null;
};

/**
 * Has the server plan the sweep in advance, because planning takes longer than any other query here. Examines no
 * session.
 */
export async function prepareEviction(control: Client, runnerPid: number): Promise<void> {
  await evictSessions(control, [], runnerPid);
}

/** The action for the sessions that are found. */
export interface EvictionOptions {
  /** Whether sessions in the way are terminated. @default false */
  readonly terminate?: boolean;
  /**
   * The databases whose lock the runner was seen to hold before. Only a sweep that began under the lock, which COMMENT
   * waits for, is sure to have seen the label. Until then only sessions whose locks the runner waits for are
   * terminated.
   * @default none
   */
  readonly heldBefore?: readonly string[];
  /** Sessions to keep. @default none */
  readonly keep?: readonly SessionPattern[];
  /** Pids that have been connecting for too long. @default none */
  readonly overdue?: readonly number[];
  /** Whether busy sessions are left alone. @default false */
  readonly sparesBusy?: boolean;
  /** Whether sessions on a protected database are terminated, too. @default false */
  readonly ignoresLabels?: boolean;
}

/**
 * Finds the sessions on the databases and, with `terminate`, terminates those that block the runner. Needs, for
 * sessions of other roles, `pg_signal_backend` or a superuser.
 */
export async function evictSessions(
  control: Client,
  databases: readonly string[],
  runnerPid: number,
  {
    terminate = false,
    keep = [],
    overdue = [],
    ignoresLabels = false,
    heldBefore = [],
    sparesBusy = false,
  }: EvictionOptions = {},
): Promise<EvictionRound> {
  const { rows } = await control.query<ResultRow>({
    // Parsing and planning takes several times as long as running it, and it is run again and again.
    name: 'pg_evict_sweep',
    text: sweepQuery,
    values: [
      databases,
      runnerPid,
      terminate,
      keepParameter(keep),
      overdue,
      ignoresLabels,
      heldBefore,
      sparesBusy,
    ],
  });
  return {
    held: rows[0]?.held ?? [],
    protected: rows[0]?.protected ?? null,
    waitingFor: rows[0]?.waiting_for ?? [],
    runnerWait: rows[0]?.runner_wait ?? null,
    rows: rows.filter((row) => (row.pid as number | null) !== null),
  };
}

/**
 * A session that the role may not terminate. Nothing is known yet of backends in startup, and of sessions hidden from
 * the role.
 */
export function isDenied(row: EvictionRow): boolean {
  return !row.can_terminate && !row.starting && !row.unidentified;
}
