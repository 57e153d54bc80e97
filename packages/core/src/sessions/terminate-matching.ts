import { currentRoleQuery } from '../connection/current-role.js';
import { type Queryable, seeAnew } from '../connection/queryable.js';
import { type Deadline, pause } from '../contract/deadline.js';
import { PgEvictError } from '../contract/error.js';
import type { TerminationReport } from '../contract/report.js';
import { sqlStateOf } from '../contract/server-error.js';
import type { SessionFilter, SessionPattern } from '../contract/session.js';
import { refuseProtectedByNow } from '../guards/protection-label.js';
import {
  filterCondition,
  filterParameter,
  filterTables,
  keepParameter,
  parseSessionReference,
  sessionId,
} from './filter.js';
import { sessionColumns, type SessionRow, sessionTables, toDeniedSession, toSession } from './row.js';

/** The sessions to terminate, and how. */
export interface EndOptions {
  /** Selects sessions. @default all others of the database */
  readonly filter?: SessionFilter | undefined;
  /** Sessions that are never terminated. @default none */
  readonly keep?: readonly SessionPattern[] | undefined;
  /**
   * Cancels running queries instead of terminating the sessions.
   * @default false
   */
  readonly cancel?: boolean | undefined;
  /**
   * How long to wait for the sessions to disconnect on their own first, in milliseconds. Counts towards the deadline.
   * @default 0
   */
  readonly graceMs?: number | undefined;
  /**
   * Terminates no session; the report lists the sessions that would be terminated.
   * @default false
   */
  readonly dryRun?: boolean | undefined;
}

/** A session and, to the microsecond, when it and its query started: a Date would round these. */
interface PickedRow extends SessionRow {
  readonly start_key: string | null;
  readonly query_key: string | null;
  readonly signalled: boolean;
}

/** The operator is named with its schema: on a client of the caller's, the search path is the caller's. */
const microseconds = (column: string): string =>
  `(extract(epoch FROM ${column}) OPERATOR(pg_catalog.*) 1000000)::bigint::text`;

/** Looks and signals in one statement. $1 database, $2 filter, $3 sessions to keep, $4 the action. */
const pickQuery = `
WITH RECURSIVE me AS (${currentRoleQuery}), ${filterTables('$2')}, s AS MATERIALIZED (
  SELECT ${sessionColumns}, ${microseconds('a.backend_start')} AS start_key,
    ${microseconds('a.query_start')} AS query_key
  FROM f CROSS JOIN ${sessionTables('$3')}
  WHERE a.datname = $1 AND a.pid <> pg_backend_pid() AND a.backend_type IS DISTINCT FROM 'parallel worker'
    AND NOT k.kept AND ${filterCondition})
SELECT s.*, CASE WHEN NOT can_terminate THEN false
  WHEN $4 = 'terminate' THEN pg_terminate_backend(pid)
  WHEN $4 = 'cancel' AND coalesce(state, 'active') = 'active' THEN pg_cancel_backend(pid) ELSE false END AS signalled
FROM s ORDER BY started_at NULLS LAST, pid`;

/**
 * The signalled sessions that are still there. A backend leaves pg_stat_activity before it leaves the server's process
 * table (ProcArray), so one that is no longer listed is signalled again: the signal function reads the process table,
 * and returns false once the backend is gone. A session that is listed with another start has only inherited the pid.
 * $3 database, $4 the action: a cancelled query is over when the session runs no query, or another.
 */
const survivorsQuery = `
WITH a AS MATERIALIZED (
  SELECT pid, datname, state, ${microseconds('backend_start')} AS start_key, ${microseconds('query_start')} AS query_key
  FROM pg_stat_activity)
SELECT p.pid FROM unnest($1::int[], $2::text[], $5::text[]) AS p (pid, start_key, query_key) LEFT JOIN a ON a.pid = p.pid
WHERE CASE
  WHEN $4 = 'cancel' THEN a.state = 'active'
    AND a.start_key IS NOT DISTINCT FROM p.start_key AND a.query_key IS NOT DISTINCT FROM p.query_key
  WHEN a.pid IS NOT NULL THEN a.datname = $3 AND a.start_key IS NOT DISTINCT FROM p.start_key
  ELSE pg_terminate_backend(p.pid) END`;

/** Terminates the selected sessions, or cancels their queries, and waits until that is seen to have happened. */
export async function terminateMatching(
  client: Queryable,
  database: string,
  deadline: Deadline,
  options: EndOptions,
  tableOid: number | undefined,
): Promise<TerminationReport> {
  const { filter = {}, keep = [], dryRun = false } = options;
  const action = options.cancel === true ? 'cancel' : 'terminate';
  const parameters = [database, filterParameter(filter, tableOid), keepParameter(keep)];
  const pick = async (what: 'look' | Action): Promise<PickedRow[]> => {
    await seeAnew(client);
    return (await client.query(pickQuery, [...parameters, what])).rows as unknown as PickedRow[];
  };

  deadline.throwIfOver(database, 'No session was disconnected.');
  await seeAnew(client);
  await refuseStrangers(client, database, filter.sessions ?? []);
  await letLeave(client, database, deadline, options, async () => pick('look'));
  deadline.throwIfOver(database, 'No session was disconnected.');
  const rows = await pick(dryRun ? 'look' : action);
  const wouldBeTold = ({ can_terminate: may, state }: PickedRow): boolean =>
    may && (action === 'terminate' || (state ?? 'active') === 'active');
  const told = rows.filter((row) => (dryRun ? wouldBeTold(row) : row.signalled));
  const remaining = new Set(dryRun ? [] : await untilGone(client, database, deadline, action, told));
  const gone = told.filter((row) => !remaining.has(row)).map(toSession);
  if (deadline.aborted) {
    throw deadline.error(
      database,
      `${gone.length} sessions had been terminated, ${remaining.size} were told to terminate.`,
    );
  }
  return {
    database,
    terminated: action === 'terminate' ? gone : [],
    ...(action === 'cancel' ? { cancelled: gone } : {}),
    denied: rows.filter((row) => !row.can_terminate).map(toDeniedSession),
    remaining: [...remaining].map(toSession),
    durationMs: 0,
    dryRun,
  };
}

type Action = 'terminate' | 'cancel';

/**
 * Gives the sessions their grace to disconnect on their own.
 *
 * @throws `PROTECTED` if the database has been protected meanwhile
 */
async function letLeave(
  client: Queryable,
  database: string,
  deadline: Deadline,
  { dryRun = false, graceMs = 0 }: EndOptions,
  look: () => Promise<readonly PickedRow[]>,
): Promise<void> {
  if (graceMs === 0) return;
  const endsAt = performance.now() + (dryRun ? 0 : graceMs);
  while (performance.now() < endsAt && !deadline.over) {
    if ((await look()).length === 0) break;
    await pause(Math.min(50, endsAt - performance.now()));
  }
  await refuseProtectedByNow(client, [database]);
}

/**
 * Waits until the sessions are gone, or their queries are over, and returns those for which this is not so at the
 * deadline.
 */
async function untilGone(
  client: Queryable,
  database: string,
  deadline: Deadline,
  action: Action,
  told: readonly PickedRow[],
): Promise<readonly PickedRow[]> {
  let survivors = told;
  while (survivors.length > 0 && !deadline.over) {
    survivors = await stillThere(client, database, action, survivors);
    if (survivors.length > 0) await pause(Math.min(20, 1 + survivors.length / 10));
  }
  return survivors;
}

/**
 * Refuses a list of sessions if one of them has changed since it was listed: its pid belongs to another session, or to
 * one on another database.
 */
async function refuseStrangers(
  client: Queryable,
  database: string,
  references: readonly (string | number)[],
): Promise<void> {
  if (references.length === 0) return;
  const wanted = references.map(parseSessionReference);
  const { rows } = await client.query(
    `SELECT a.pid, a.datname AS database, ${sessionId} AS id FROM pg_stat_activity a WHERE a.pid = ANY ($1::int[])`,
    [wanted.map(({ pid }) => pid)],
  );
  for (const { pid, id } of wanted) {
    const found = rows.find((row) => row['pid'] === pid);
    if (found === undefined || (found['database'] === database && (id === undefined || found['id'] === id)))
      continue;
    const { id: foundId, database: foundOn } = found as { id: string | null; database: string | null };
    if (id !== undefined && foundId === null && foundOn === database) {
      const hidden = `your role cannot see when session ${pid} started, so it may be another than the listed one`;
      throw new PgEvictError('REFUSED', `No session was disconnected: ${hidden}.`, {
        database,
        hint: 'Grant the role pg_read_all_stats, or give the pid alone.',
      });
    }
    const is = `pid ${pid} is now session ${foundId ?? '(start hidden)'} on database "${foundOn ?? ''}"`;
    throw new PgEvictError('REFUSED', `No session was disconnected: ${is}, not the one that was listed.`, {
      database,
      hint: 'List the sessions again.',
    });
  }
}

async function stillThere(
  client: Queryable,
  database: string,
  action: Action,
  told: readonly PickedRow[],
): Promise<PickedRow[]> {
  try {
    await seeAnew(client);
    const { rows } = await client.query(survivorsQuery, [
      told.map(({ pid }) => pid),
      told.map(({ start_key }) => start_key),
      database,
      action,
      told.map(({ query_key }) => query_key),
    ]);
    const pids = new Set(rows.map((row) => row['pid']));
    return told.filter(({ pid }) => pids.has(pid));
  } catch (error) {
    // The pid is already used by a backend that may not be signalled: the next look shows which of ours are gone.
    if (sqlStateOf(error) === '42501') return [...told];
    throw error;
  }
}
