import { assertNotGuarded } from './built-in-guards.js';
import { Deadline, pause, type DeadlineOptions } from './deadline.js';
import { toDeniedSession } from './denied-session.js';
import type { TerminationReport } from './operation-report.js';
import { isQueryable, type Queryable } from './queryable.js';
import { currentRoleQuery, sessionColumns, toSession, type SessionRow } from './session.js';
import { resolveTarget, type Target } from './target.js';
import { sqlStateOf, translateError } from './translate-error.js';
import { withMaintenanceConnections } from './with-maintenance-connections.js';

/** Options of {@link terminateSessions}. */
export interface TerminateSessionsOptions extends DeadlineOptions {
  /**
   * The database, where a client is given instead of a target.
   * @default the database the client is connected to
   */
  readonly database?: string | undefined;
  /**
   * Ends nobody; the report tells who would be ended.
   * @default false
   */
  readonly dryRun?: boolean | undefined;
}

/** A session and, to the microsecond, when it started: what a Date would round. */
type TerminateRow = SessionRow & { readonly start_key: string | null; readonly signalled: boolean };

/** Looks and terminates in one statement. $1 database, $2 whether to terminate. */
const terminateQuery = `
WITH me AS (${currentRoleQuery}), s AS MATERIALIZED (
  SELECT ${sessionColumns}, (extract(epoch FROM a.backend_start) * 1000000)::bigint::text AS start_key
  FROM pg_stat_activity a CROSS JOIN me LEFT JOIN pg_roles r ON r.oid = a.usesysid
  WHERE a.datname = $1 AND a.pid <> pg_backend_pid() AND a.backend_type IS DISTINCT FROM 'parallel worker')
SELECT s.*, CASE WHEN $2 AND can_terminate THEN pg_terminate_backend(pid) ELSE false END AS signalled FROM s
ORDER BY started_at NULLS LAST, pid`;

/**
 * Which of the sessions told to end are still there. A backend leaves pg_stat_activity before it leaves the server's
 * process table (ProcArray), so one that is no longer listed is signalled again: that reads the process table, and
 * says false once the backend is gone. One listed with another start is somebody else's.
 */
const survivorsQuery = `
SELECT p.pid FROM unnest($1::int[], $2::text[]) AS p (pid, start_key) WHERE CASE
  WHEN EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = p.pid) THEN EXISTS (
    SELECT FROM pg_stat_activity a WHERE a.pid = p.pid AND a.datname = $3
      AND (extract(epoch FROM a.backend_start) * 1000000)::bigint::text IS NOT DISTINCT FROM p.start_key)
  ELSE pg_terminate_backend(p.pid) END`;

/**
 * Ends the other sessions of a database and verifies that they are gone. Sessions that may not be ended do not keep
 * the others from being ended; they are in the report, each with the reason and the remedy. New sessions may come at
 * any time: to have the database to yourself, use an operation.
 *
 * Given a client instead of a target, its own session stays; those of a pool's other clients do not.
 *
 * Needs, for sessions of other roles, their privileges or `pg_signal_backend`; a superuser for those of superusers.
 *
 * @returns also when sessions were denied or remain; look at `denied` and `remaining`
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `ABORTED`
 */
export async function terminateSessions(
  target: Target | Queryable,
  options: TerminateSessionsOptions = {},
): Promise<TerminationReport> {
  const startedAt = performance.now();
  const deadline = new Deadline(options);
  const end = async (client: Queryable, database: string): Promise<TerminationReport> => {
    const report = await endSessions(client, database, deadline, options.dryRun ?? false).catch(
      (error: unknown) => {
        throw translateError(error, `Sessions on database "${database}" were not ended`, { database });
      },
    );
    return { ...report, durationMs: Math.round(performance.now() - startedAt) };
  };
  if (isQueryable(target)) {
    const database = options.database ?? (await currentDatabase(target));
    assertNotGuarded(database, []);
    return end(target, database);
  }
  const resolved = resolveTarget(target);
  assertNotGuarded(resolved.database, resolved.maintenanceDatabases);
  return withMaintenanceConnections(resolved, deadline, 1, async ([connection]) =>
    end((connection as NonNullable<typeof connection>).client, resolved.database),
  );
}

async function currentDatabase(client: Queryable): Promise<string> {
  const { rows } = await client.query('SELECT current_database() AS name');
  return String(rows[0]?.['name']);
}

async function endSessions(
  client: Queryable,
  database: string,
  deadline: Deadline,
  dryRun: boolean,
): Promise<TerminationReport> {
  deadline.throwIfOver(database, 'Nobody was disconnected.');
  const rows = (await client.query(terminateQuery, [database, !dryRun])).rows as unknown as TerminateRow[];
  const denied = rows.filter((row) => !row.can_terminate).map(toDeniedSession);
  const told = rows.filter((row) => (dryRun ? row.can_terminate : row.signalled));
  let survivors = dryRun ? [] : told;
  while (survivors.length > 0 && !deadline.over) {
    survivors = await stillThere(client, database, survivors);
    if (survivors.length > 0) await pause(Math.min(20, 1 + survivors.length / 10));
  }
  const remaining = new Set(survivors);
  const terminated = told.filter((row) => !remaining.has(row)).map(toSession);
  if (deadline.aborted) {
    throw deadline.error(
      database,
      `${terminated.length} sessions had been ended, ${remaining.size} were told to end.`,
    );
  }
  return { database, terminated, denied, remaining: [...remaining].map(toSession), durationMs: 0, dryRun };
}

async function stillThere(
  client: Queryable,
  database: string,
  told: readonly TerminateRow[],
): Promise<TerminateRow[]> {
  try {
    // In a transaction the view would show what it showed first.
    await client.query('SELECT pg_stat_clear_snapshot()');
    const { rows } = await client.query(survivorsQuery, [
      told.map(({ pid }) => pid),
      told.map(({ start_key }) => start_key),
      database,
    ]);
    const pids = new Set(rows.map((row) => row['pid']));
    return told.filter(({ pid }) => pids.has(pid));
  } catch (error) {
    // A pid already used by a backend that may not be signalled: ours is gone, which ones is seen in the next look.
    if (sqlStateOf(error) === '42501') return [...told];
    throw error;
  }
}
