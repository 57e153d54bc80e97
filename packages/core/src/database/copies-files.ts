/**
 * The size, in bytes, from which a file copy of a database is faster than a copy through the write-ahead log. A file
 * copy waits for two checkpoints and for each file; the other one writes all data twice. Cloned files
 * (`file_copy_method`, 18 and later) take almost no time.
 */
const largeBytes = 200 * 2 ** 20;
const largeToClone = 100 * 2 ** 20;

/**
 * Whether CREATE DATABASE is to copy a database with STRATEGY FILE_COPY (15 and later), as SQL: if it is large, or if
 * `fsync` is off, because checkpoints then cost nothing. A database whose size the role may not query is copied with
 * the server's default.
 *
 * @param oid the database, as SQL
 * @see https://www.postgresql.org/docs/current/sql-createdatabase.html
 */
export function copiesFilesSql(oid: string): string {
  return `CASE WHEN current_setting('server_version_num')::int < 150000 THEN false
    WHEN NOT current_setting('fsync')::bool THEN true
    WHEN has_database_privilege(${oid}, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE') THEN
      pg_database_size(${oid}) >= CASE WHEN current_setting('file_copy_method', true) = 'clone' THEN ${largeToClone}
        ELSE ${largeBytes} END
    ELSE false END`;
}
