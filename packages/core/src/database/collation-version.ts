import type { Client } from 'pg';

/** The function in the second query, and the column, exist from 15 on. */
const recordedQuery = `SELECT to_jsonb(d) ->> 'datcollversion' AS recorded FROM pg_database d WHERE datname = $1`;
const actualQuery = `SELECT pg_database_collation_actual_version(oid) AS actual FROM pg_database WHERE datname = $1`;

/**
 * Whether a database was created with other collations than the server has now, as after an update of the operating
 * system: CREATE DATABASE then refuses to copy it (15 and later, `createdb()` in src/backend/commands/dbcommands.c).
 * Needs no privilege.
 *
 * @see https://www.postgresql.org/docs/current/sql-altercollation.html#SQL-ALTERCOLLATION-NOTES
 */
export async function isOutdated(client: Client, database: string): Promise<boolean> {
  const [row] = (await client.query<{ recorded: string | null }>(recordedQuery, [database])).rows;
  const recorded = row?.recorded ?? null;
  if (recorded === null) return false;
  const { rows } = await client.query<{ actual: string | null }>(actualQuery, [database]);
  return rows[0] !== undefined && rows[0].actual !== recorded;
}
