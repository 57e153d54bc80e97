import type { Queryable } from './queryable.js';

/** The comments of those of some databases that exist. One query; needs no privilege. */
export async function databaseComments(
  client: Queryable,
  databases: readonly string[],
): Promise<{ readonly name: string; readonly comment: string | null }[]> {
  const { rows } = await client.query(
    // With its schema, as the search path of a caller's client may lead to another that fits better (text, not name).
    `SELECT datname AS name, pg_catalog.shobj_description(oid, 'pg_database') AS comment FROM pg_database
     WHERE datname = ANY ($1::name[])`,
    [databases],
  );
  return rows as { name: string; comment: string | null }[];
}
