import type { Session } from '../contract/session.js';
import { keptCondition, sessionId } from './filter.js';

/** A session as {@link sessionColumns} return it. */
export interface SessionRow {
  readonly id: string | null;
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly client: string | null;
  readonly backend_type: string | null;
  readonly state: string | null;
  readonly since: Date | null;
  readonly started_at: Date | null;
  readonly wait_event: string | null;
  readonly blocked_by: readonly number[];
  readonly query: string | null;
  readonly can_terminate: boolean;
  /** Matches a pattern of sessions to keep. */
  readonly kept: boolean;
  readonly superuser_owned: boolean;
  readonly current_role: string;
}

/**
 * The columns of a {@link SessionRow}, from {@link sessionTables}.
 *
 * Whether a role may end a session follows `pg_signal_backend()` in `src/backend/storage/ipc/signalfuncs.c`: a
 * superuser's session, or a process without a role, needs a superuser; any other needs the privileges of its role
 * or of `pg_signal_backend`. `pg_blocking_pids()` locks the lock table, so it is asked only for who waits.
 */
export const sessionColumns = `
  ${sessionId} AS id, a.pid, a.usename AS "user", nullif(a.application_name, '') AS application,
  CASE WHEN a.client_addr IS NOT NULL THEN host(a.client_addr) WHEN a.client_port = -1 THEN '[local]' END AS client,
  a.backend_type, a.state, coalesce(a.state_change, a.backend_start) AS since, a.backend_start AS started_at,
  a.wait_event_type || ':' || a.wait_event AS wait_event,
  CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) ELSE '{}' END AS blocked_by,
  CASE WHEN a.query NOT IN ('', '<insufficient privilege>') THEN a.query END AS query,
  NOT k.kept AND (me.super OR (a.usesysid IS NOT NULL AND r.rolsuper IS NOT TRUE
    AND (me.signaller OR pg_has_role(me.oid, a.usesysid, 'USAGE')))) AS can_terminate, k.kept,
  coalesce(r.rolsuper, false) AS superuser_owned, me.name AS current_role`;

/** What {@link sessionColumns} are taken from. `me` is {@link currentRoleQuery}, `keep` the parameter of sessions to keep. */
export const sessionTables = (keep: string, activity = 'pg_stat_activity'): string => `
  ${activity} a CROSS JOIN me LEFT JOIN pg_roles r ON r.oid = a.usesysid
  CROSS JOIN LATERAL (SELECT ${keptCondition(keep)} AS kept) AS k`;

/** Makes a {@link Session} of a row. */
export function toSession(row: SessionRow): Session {
  return {
    id: row.id,
    pid: row.pid,
    user: row.user,
    application: row.application,
    client: row.client,
    backendType: row.backend_type,
    state: row.state,
    since: row.since,
    startedAt: row.started_at,
    waitEvent: row.wait_event,
    waitsFor: null,
    blockedBy: row.blocked_by,
    query: row.query,
    canTerminate: row.can_terminate,
  };
}
