import { connect } from '../connection/connect.js';
import { disconnect } from '../connection/silence.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import { databaseNotFound } from '../contract/error.js';
import { sqlStateOf, translateError } from '../contract/server-error.js';

/** A table, view, materialized view, sequence or foreign table. */
export interface Relation {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'view' | 'materialized view' | 'sequence' | 'foreign table';
}

/** Relations in the server's own schemas are not a user's; no other schema may begin with `pg_`. */
const relationsQuery = `
SELECT n.nspname AS schema, c.relname AS name, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
  WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2`;

/**
 * Lists the relations of a database that are not the server's own, those of extensions included. Connects to the
 * database itself, and changes nothing. Needs CONNECT on it, and no privilege on its relations.
 *
 * @throws {@link PgEvictError} `DATABASE_NOT_FOUND`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function listRelations(target: Target, options: DeadlineOptions = {}): Promise<Relation[]> {
  const { database, settings } = resolveTarget(target);
  try {
    const { client } = await connect(settings, database, deadlineOf(options));
    try {
      return (await client.query<Relation & Record<string, unknown>>(relationsQuery)).rows;
    } finally {
      await disconnect(client);
    }
  } catch (error) {
    if (sqlStateOf(error) === '3D000') throw databaseNotFound(database);
    throw translateError(error, `The relations of database "${database}" were not listed`, { database });
  }
}
