import type { Client } from 'pg';
import { quoteIdentifier } from './identifier.js';
import { privateTag } from './private-name.js';

/**
 * Private databases made for $1 whose maker is gone: no backend with its pid exists, or one that started at another
 * time. When the start is hidden from the role, any backend with that pid counts as the maker.
 */
const abandonedQuery = `
WITH p AS (
  SELECT datname, regexp_match(datname, '^pg_evict_(?:new|old)_' || $1 || '_([0-9]+)_([0-9a-z]+)$') AS maker
  FROM pg_database WHERE pg_has_role(datdba, 'USAGE'))
SELECT p.datname AS name, a.pid IS NOT NULL AS listed, maker[2] AS started,
  (extract(epoch FROM a.backend_start) * 1000000)::bigint::text AS "backendStarted"
FROM p LEFT JOIN pg_stat_activity a ON a.pid = maker[1]::int WHERE maker IS NOT NULL`;

/** Names the databases that earlier operations on a database left aside because their process died. */
export async function findAbandonedDatabases(client: Client, database: string): Promise<string[]> {
  const { rows } = await client.query<{
    name: string;
    listed: boolean;
    started: string;
    backendStarted: string | null;
  }>(abandonedQuery, [privateTag(database)]);
  return rows
    .filter(
      ({ listed, started, backendStarted }) =>
        !listed || (backendStarted !== null && BigInt(backendStarted).toString(36) !== started),
    )
    .map(({ name }) => name);
}

/**
 * Drops a database that only pg-evict knows. There is nobody on it to end; if there is, it stays for the next
 * operation to clean up. A template flag carried over to it is taken off first.
 */
export async function dropPrivateDatabase(client: Client, name: string): Promise<void> {
  const { rows } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [name]);
  if (rows.length > 0) await client.query(`ALTER DATABASE ${quoteIdentifier(name)} IS_TEMPLATE false`);
  await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`);
}
