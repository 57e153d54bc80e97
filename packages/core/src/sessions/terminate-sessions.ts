import { withMaintenanceConnections } from '../connection/maintenance.js';
import { isQueryable, type Queryable } from '../connection/queryable.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import { assertOptions, assertWaits } from '../contract/options.js';
import type { TerminationReport } from '../contract/report.js';
import { isConnectionLost, isOutcomeUnknown, translateError } from '../contract/server-error.js';
import { assertNotGuarded } from '../guards/built-in.js';
import { assertUnprotected } from '../guards/protection-label.js';
import { assertFilter } from './filter.js';
import { resolveTable } from './resolve-table.js';
import { type EndOptions, terminateMatching } from './terminate-matching.js';

/** Options of {@link terminateSessions}. */
export interface TerminateSessionsOptions extends DeadlineOptions, EndOptions {
  /**
   * The database, if a client is given instead of a target.
   * @default the database the client is connected to
   */
  readonly database?: string | undefined;
}

/**
 * Terminates the other sessions of a database and verifies that they are gone. Sessions that may not be terminated do
 * not prevent the others from being terminated; they are in the report, each with the reason and the remedy. New
 * sessions may connect at any time: use an operation for exclusive access to the database.
 *
 * With a client instead of a target, its own session stays; those of a pool's other clients do not.
 *
 * Needs, for sessions of other roles, their privileges or `pg_signal_backend`; a superuser for those of superusers.
 *
 * @returns also when sessions were denied or remain; look at `denied` and `remaining`
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED` (a session id whose pid belongs to another session by now: no
 * session is terminated then), `DATABASE_NOT_FOUND`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function terminateSessions(
  target: Target | Queryable,
  options: TerminateSessionsOptions = {},
): Promise<TerminationReport> {
  assertOptions('terminateSessions', options, {
    timeoutMs: true,
    signal: true,
    database: true,
    filter: true,
    keep: true,
    cancel: true,
    graceMs: true,
    dryRun: true,
  });
  assertWaits(options);
  assertFilter(options.filter);
  const startedAt = performance.now();
  const deadline = deadlineOf(options);
  const end = async (
    client: Queryable,
    database: string,
    tableOid: () => Promise<number | undefined>,
  ): Promise<TerminationReport> => {
    try {
      await assertUnprotected(client, database);
      const report = await terminateMatching(client, database, deadline, options, await tableOid());
      return { ...report, durationMs: Math.round(performance.now() - startedAt) };
    } catch (error) {
      // The server may have ended them before it fell silent.
      const summary =
        isOutcomeUnknown(error) && isConnectionLost(error)
          ? `It is not known which sessions on database "${database}" were terminated`
          : `Sessions on database "${database}" were not terminated`;
      throw translateError(error, summary, { database });
    }
  };
  if (isQueryable(target)) {
    const connected = await currentDatabase(target);
    const database = options.database ?? connected;
    assertNotGuarded(database);
    return end(target, database, async () => resolveTable(target, options.filter?.blockingTable, database));
  }
  const resolved = resolveTarget(target);
  assertNotGuarded(resolved.database, resolved);
  return withMaintenanceConnections(resolved, deadline, 1, async ([{ client }]) =>
    end(client, resolved.database, async () =>
      resolveTable({ ...resolved, deadline }, options.filter?.blockingTable),
    ),
  );
}

async function currentDatabase(client: Queryable): Promise<string> {
  try {
    const { rows } = await client.query('SELECT current_database() AS name');
    return String(rows[0]?.['name']);
  } catch (error) {
    throw translateError(error, 'No session was disconnected', { database: undefined });
  }
}
