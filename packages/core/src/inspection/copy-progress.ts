import { withMaintenanceConnections } from '../connection/maintenance.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';

/** The progress of a CREATE DATABASE … TEMPLATE. */
export interface CopyProgress {
  /** The size of the database that is copied; `null` if the role may not query it. */
  readonly sizeBytes: number | null;
  /**
   * The part of the copy that is on disk; `null` if the role may not look into the data directory, or there is no copy.
   */
  readonly copiedBytes: number | null;
  /**
   * The amount of WAL that the server has written in total. From PostgreSQL 15 on, a copy writes about its own size of
   * it; `null` if it is copied file by file, and writes none.
   */
  readonly walBytes: number | null;
}

/** $1 the template. */
const overviewQuery = `
SELECT CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
    THEN pg_database_size(d.oid)::float8 END AS "sizeBytes",
  CASE WHEN current_setting('server_version_num')::int >= 150000 AND current_setting('fsync')::bool
    THEN (pg_current_wal_insert_lsn() - '0/0')::float8 END AS "walBytes",
  has_function_privilege('pg_ls_dir(text, boolean, boolean)', 'EXECUTE')
    AND has_function_privilege('pg_stat_file(text, boolean)', 'EXECUTE') AS "mayLook"
FROM pg_database d WHERE d.datname = $1`;

/**
 * The row of a new database is not visible until it is complete, but its directory is: the last one that no database
 * has.
 */
const copiedQuery = `
SELECT (SELECT sum((pg_stat_file('base/' || folder || '/' || file, true)).size)::float8
    FROM pg_ls_dir('base/' || folder, true, false) file) AS "copiedBytes"
FROM pg_ls_dir('base', true, false) folder
WHERE folder ~ '^[0-9]+$' AND folder::oid NOT IN (SELECT oid FROM pg_database) ORDER BY folder::oid DESC LIMIT 1`;

/**
 * Reads the progress of a copy of a database. Changes nothing.
 *
 * @param template the name of the database that is copied
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `TIMEOUT`, `ABORTED`; errors of the server
 */
export async function copyProgress(
  target: Target,
  template: string,
  options: DeadlineOptions,
): Promise<CopyProgress | undefined> {
  return withMaintenanceConnections(resolveTarget(target), deadlineOf(options), 1, async ([{ client }]) => {
    const [overview] = (
      await client.query<Omit<CopyProgress, 'copiedBytes'> & { mayLook: boolean }>(overviewQuery, [template])
    ).rows;
    if (overview === undefined) return undefined;
    const { mayLook, ...facts } = overview;
    const [copied] = mayLook ? (await client.query<Pick<CopyProgress, 'copiedBytes'>>(copiedQuery)).rows : [];
    return { ...facts, copiedBytes: copied?.copiedBytes ?? null };
  });
}
