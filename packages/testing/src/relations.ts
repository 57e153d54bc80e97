import { quoteIdentifier } from '@pg-evict/core';
import type { ServerSession } from './server-session.js';

/** A relation whose content is compared with the template's. */
export interface Relation {
  readonly kind: 'catalog' | 'table' | 'materialized view' | 'sequence';
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Whether our role may read it. */
  readonly readable: boolean;
  /** The columns that can be inserted into, quoted. */
  readonly columns: readonly string[];
  /** Bits of `pg_trigger.tgtype` of the triggers that fire ordinarily, and of those that fire for a replica. */
  readonly originTriggers: number;
  readonly replicaTriggers: number;
  /** Whether rules change what INSERT and DELETE do, ordinarily and for a replica. */
  readonly originRules: boolean;
  readonly replicaRules: boolean;
  /** Tables with foreign keys to it. */
  readonly referencedBy: readonly number[];
  /** Bytes on disk, for tables. */
  readonly size: number;
}

/**
 * All relations of a database whose content is its own. Left out: statistics of the planner, shared catalogs, TOAST
 * (its rows change with their table's), temporary relations, foreign tables (their rows are elsewhere).
 */
const relationsQuery = `
WITH reference AS (SELECT confrelid, array_agg(conrelid::bigint::float8) AS oids FROM pg_constraint
  WHERE contype = 'f' AND conrelid <> confrelid GROUP BY confrelid)
SELECT CASE WHEN n.nspname = 'pg_catalog' THEN 'catalog' ELSE
    CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END END AS kind,
  c.oid::bigint::float8 AS oid, n.nspname AS schema, c.relname AS name,
  has_schema_privilege(n.oid, 'USAGE') AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
    ELSE has_table_privilege(c.oid, 'SELECT') END AS readable,
  CASE WHEN n.nspname = 'pg_catalog' THEN '{}' ELSE ARRAY(SELECT quote_ident(attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    AND attgenerated = '' ORDER BY attnum) END AS columns,
  (SELECT coalesce(bit_or(tgtype), 0)::int FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal
    AND tgenabled IN ('O', 'A')) AS "originTriggers",
  (SELECT coalesce(bit_or(tgtype), 0)::int FROM pg_trigger WHERE tgrelid = c.oid AND tgenabled IN ('R', 'A'))
    AS "replicaTriggers",
  EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid AND ev_type <> '1' AND ev_enabled IN ('O', 'A')) AS "originRules",
  EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid AND ev_type <> '1' AND ev_enabled IN ('R', 'A')) AS "replicaRules",
  coalesce(reference.oids, '{}') AS "referencedBy",
  CASE WHEN c.relkind = 'r' AND n.nspname <> 'pg_catalog' THEN pg_table_size(c.oid)::float8 ELSE 0 END AS size
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN reference ON reference.confrelid = c.oid
WHERE CASE WHEN n.nspname = 'pg_catalog' THEN c.relkind = 'r' AND NOT c.relisshared
      AND c.relname NOT IN ('pg_statistic', 'pg_statistic_ext_data')
    ELSE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't' AND n.nspname <> 'pg_toast' END
ORDER BY c.oid`;

/** Reads them. */
export async function readRelations(session: ServerSession): Promise<Relation[]> {
  return (await session.query<Relation>(relationsQuery)).rows;
}

/** The relation's name for SQL. */
export function sqlName({ schema, name }: Relation): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
