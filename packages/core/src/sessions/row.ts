import { rawText, readRawText } from '../connection/raw-text.js';
import type { DeniedSession, Session } from '../contract/session.js';
import { sessionId } from './filter.js';
import { deniedSession, type Permission, permissionColumns, permissionTables } from './permission.js';

/** A session as {@link sessionColumns} return it. */
export interface SessionRow extends Permission {
  readonly id: string | null;
  readonly pid: number;
  /** {@link rawText} */
  readonly user: string | null;
  /** {@link rawText} */
  readonly application: string | null;
  readonly client: string | null;
  readonly backend_type: string | null;
  readonly state: string | null;
  readonly since: Date | null;
  readonly started_at: Date | null;
  readonly wait_event: string | null;
  readonly blocked_by: readonly number[];
  /** {@link rawText} */
  readonly query: string | null;
  /** That of its database. */
  readonly encoding: string | null;
}

/**
 * The columns of a {@link SessionRow}, from {@link sessionTables}. `pg_blocking_pids()` locks the lock table, so it is
 * called only for sessions that wait.
 */
export const sessionColumns = `
  ${sessionId} AS id, a.pid, ${rawText('a.usename')} AS "user",
  ${rawText("nullif(a.application_name, '')")} AS application,
  CASE WHEN a.client_addr IS NOT NULL THEN host(a.client_addr) WHEN a.client_port = -1 THEN '[local]' END AS client,
  a.backend_type, a.state, coalesce(a.state_change, a.backend_start) AS since, a.backend_start AS started_at,
  a.wait_event_type || ':' || a.wait_event AS wait_event,
  CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) ELSE '{}' END AS blocked_by,
  CASE WHEN a.query NOT IN ('', '<insufficient privilege>') THEN ${rawText('a.query')} END AS query,
  (SELECT pg_encoding_to_char(e.encoding)::text FROM pg_database e WHERE e.oid = a.datid) AS encoding,
  ${permissionColumns}`;

/**
 * The tables that {@link sessionColumns} need. `me` is {@link currentRoleQuery}, `keep` the parameter of sessions to
 * keep.
 */
export const sessionTables = (keep: string, activity = 'pg_stat_activity'): string => `
  ${activity} a CROSS JOIN me ${permissionTables(keep)}`;

/** Makes a {@link Session} of a row. */
export function toSession(row: SessionRow): Session {
  const read = (raw: string | null): string | null => (raw === null ? null : readRawText(raw, row.encoding));
  return {
    id: row.id,
    pid: row.pid,
    user: read(row.user),
    application: read(row.application),
    client: row.client,
    backendType: row.backend_type,
    state: row.state,
    since: row.since,
    startedAt: row.started_at,
    waitEvent: row.wait_event,
    waitsFor: null,
    blockedBy: row.blocked_by,
    query: read(row.query),
    canTerminate: row.can_terminate,
  };
}

/** A {@link DeniedSession} of the row of a session that may not be ended. */
export function toDeniedSession(row: SessionRow): DeniedSession {
  return deniedSession(toSession(row), row);
}
