import type { ServerSession } from '../session/server-session.js';

/** The sizes in `pg_class` of a table or of one of its indexes, which decide how statements are planned. */
export interface PlannerNumbers {
  readonly oid: number;
  readonly pages: number;
  readonly tuples: number;
  readonly allVisible: number;
}

/** Tables, materialized views and indexes that are users'. */
const ofUsers = `c.oid >= 16384 AND c.relkind IN ('r', 'm', 'i') AND c.relpersistence <> 't'`;

/**
 * Two numbers that show whether any of these has changed: VACUUM and ANALYZE write them in place. The size of an empty
 * index is known after its creation, and unknown after a truncation, which is the same for the planner.
 */
export const plannerProbe = `SELECT count(*), (coalesce(sum(hashtextextended(CASE
    WHEN c.relkind = 'i' AND c.reltuples <= 0 THEN c.oid::text
    ELSE concat_ws(' ', c.oid, c.relpages, c.reltuples, c.relallvisible) END, 0)::numeric), 0)
    % 9223372036854775807)::bigint
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname <> 'pg_toast' WHERE ${ofUsers}`;

/** Reads them, by the oid of the table. */
export async function readPlannerNumbers(session: ServerSession): Promise<Map<number, PlannerNumbers[]>> {
  const { rows } = await session.query<PlannerNumbers & { table: number }>(
    `SELECT c.oid::bigint::float8 AS oid, coalesce(i.indrelid, c.oid)::bigint::float8 AS "table", c.relpages AS pages,
       c.reltuples AS tuples, c.relallvisible AS "allVisible"
     FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid WHERE ${ofUsers}`,
  );
  const found = new Map<number, PlannerNumbers[]>();
  for (const { table, ...numbers } of rows) found.set(table, [...(found.get(table) ?? []), numbers]);
  return found;
}

/**
 * SQL that restores them if VACUUM has changed them; it returns the oids of the restored ones. Superusers may run it,
 * and it does the same as `pg_restore_relation_stats()` from 18 on.
 */
export function writePlannerNumbers(numbers: readonly PlannerNumbers[]): string {
  const values = numbers.map(
    ({ oid, pages, tuples, allVisible }) => `(${oid}::oid, ${pages}, ${tuples}::float4, ${allVisible})`,
  );
  return `UPDATE pg_catalog.pg_class AS c SET relpages = v.pages, reltuples = v.tuples, relallvisible = v.visible
    FROM (VALUES ${values.join(', ')}) AS v (oid, pages, tuples, visible)
    WHERE c.oid = v.oid AND (c.relpages, c.reltuples, c.relallvisible) IS DISTINCT FROM (v.pages, v.tuples, v.visible)
    RETURNING c.oid`;
}
