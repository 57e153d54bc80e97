import type { Queryable } from '../connection/queryable.js';
import type { Standby } from '../contract/report.js';

/**
 * WAL senders that serve no database: those that do are for logical replication. Tools that only fetch WAL replay nothing.
 *
 * @see https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-REPLICATION-VIEW
 */
const standbysQuery = `
SELECT DISTINCT coalesce(nullif(r.application_name, ''), 'walreceiver') AS name, host(r.client_addr) AS client
FROM pg_stat_replication r JOIN pg_stat_activity a ON a.pid = r.pid
WHERE a.datid IS NULL AND r.application_name NOT IN ('pg_basebackup', 'pg_receivewal') AND r.state IS DISTINCT FROM 'backup'
ORDER BY 1, 2`;

/**
 * Finds the standbys that follow this server over a connection. Needs no privilege; without `pg_read_all_stats` the server
 * hides their addresses.
 */
export async function findStandbys(client: Queryable): Promise<Standby[]> {
  return (await client.query(standbysQuery, [])).rows as unknown as Standby[];
}
