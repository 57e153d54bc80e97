import { quoteIdentifier } from '@pg-evict/core/internal';
import type { ServerSession } from '../session/server-session.js';

/** The unit that sizes are compared in, regardless of the server's own. */
export const pageBytes = 8192;

/** The id of no transaction (`InvalidTransactionId`, src/include/access/transam.h). */
export const noTransaction = '0';

/** From when on rows are new. */
export interface Since {
  /** A transaction id: rows written by it, or by a later one, are new. */
  readonly newSince: string;
  /** Our own transaction after it, whose rows are not new. */
  readonly own: string;
}

/**
 * SQL that says whether a row is new. age() counts back from the next transaction id, so it is right also when ids start
 * over.
 */
export const isNew = (newSince: string, own: string): string =>
  `age(xmin) <= (SELECT age(${newSince})) AND xmin <> ${own}`;

/** Columns of `pg_class` about where and how a relation is stored. */
const ofStorage = [
  'relfilenode',
  'relpages',
  'reltuples',
  'relallvisible',
  'relallfrozen',
  'relfrozenxid',
  'relminmxid',
].join(',');

/** `FirstNormalObjectId` (src/include/access/transam.h): objects that initdb creates have lower oids. */
const firstNormalOid = 16_384;

/** `HEAP_TABLE_AM_OID` (src/include/catalog/pg_am.dat) */
const heap = 2;

/**
 * The `pg_class` rows of users' relations, without the place and kind of their storage, by oid. TRUNCATE, CLUSTER and
 * VACUUM FULL write a new row of a relation with no other difference.
 *
 * @param since only those whose row is new since then, catalogs as well
 */
export async function readClasses(session: ServerSession, since?: Since): Promise<Map<string, string>> {
  const { rows } = await session.query<{ oid: string; hash: string }>(
    `SELECT oid::text, md5((to_jsonb(c) - '{${ofStorage}}'::text[])::text) AS hash FROM pg_class c
     WHERE ${since === undefined ? `oid >= ${firstNormalOid}` : isNew('$1::xid', '$2::xid')}`,
    since === undefined ? [] : [since.newSince, since.own],
  );
  return new Map(rows.map(({ oid, hash }) => [oid, hash]));
}

/** A relation whose content is compared with the template's. */
export interface Relation {
  readonly kind: 'catalog' | 'table' | 'materialized view' | 'sequence';
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Whether our role may read all of it. */
  readonly readable: boolean;
  /** Whether row-level security applies to our role, which may not read all rows then. */
  readonly isFiltered: boolean;
  /** Materialized views may not be: they have no content, and cannot be read. */
  readonly isPopulated: boolean;
  readonly indexes: number;
  /** The columns that can be inserted into, quoted; only of users' relations. */
  readonly columns: readonly string[];
  /** Bits of `pg_trigger.tgtype` of the triggers that fire ordinarily, and of those that fire for a replica. */
  readonly originTriggers: number;
  readonly replicaTriggers: number;
  /** Whether rules change what INSERT and DELETE do, ordinarily and for a replica. */
  readonly originRules: boolean;
  readonly replicaRules: boolean;
  /** Tables with foreign keys to it. */
  readonly referencedBy: readonly number[];
  /** Whether our role may empty it with TRUNCATE. */
  readonly mayTruncate: boolean;
  /** Whether its rows are in its pages, as those of an extension's access method may not be. */
  readonly isHeap: boolean;
  /** Bytes on disk with TOAST, and pages of 8 kB without, for tables. */
  readonly size: number;
  readonly pages: number;
}

/**
 * All relations of a database whose content is its own. Left out: statistics of the planner, shared catalogs, TOAST
 * (its rows change with their table's), temporary relations, foreign tables (their rows are elsewhere).
 */
const relationsQuery = `
WITH reference AS (SELECT confrelid AS oid, array_agg(conrelid::bigint::float8) AS "from" FROM pg_constraint
  WHERE contype = 'f' AND conrelid <> confrelid GROUP BY confrelid),
trigger AS (SELECT tgrelid AS oid,
    bit_or(tgtype) FILTER (WHERE NOT tgisinternal AND tgenabled IN ('O', 'A'))::int AS origin,
    bit_or(tgtype) FILTER (WHERE tgenabled IN ('R', 'A'))::int AS replica
  FROM pg_trigger GROUP BY tgrelid),
rule AS (SELECT ev_class AS oid, bool_or(ev_enabled IN ('O', 'A')) AS origin, bool_or(ev_enabled IN ('R', 'A')) AS replica
  FROM pg_rewrite WHERE ev_type <> '1' GROUP BY ev_class),
own_column AS (SELECT attrelid AS oid, array_agg(quote_ident(attname) ORDER BY attnum) AS names FROM pg_attribute
  WHERE attrelid >= ${firstNormalOid} AND attnum > 0 AND NOT attisdropped AND attgenerated = '' GROUP BY attrelid)
SELECT CASE WHEN n.nspname = 'pg_catalog' THEN 'catalog' ELSE
    CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'table' END END AS kind,
  c.oid::bigint::float8 AS oid, n.nspname AS schema, c.relname AS name,
  has_schema_privilege(n.oid, 'USAGE') AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
    ELSE has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) END AS readable,
  c.relrowsecurity AND row_security_active(c.oid) AS "isFiltered", c.relispopulated AS "isPopulated",
  (SELECT count(*)::int FROM pg_index x WHERE x.indrelid = c.oid) AS indexes,
  coalesce(own_column.names, '{}') AS columns,
  coalesce(trigger.origin, 0) AS "originTriggers", coalesce(trigger.replica, 0) AS "replicaTriggers",
  coalesce(rule.origin, false) AS "originRules", coalesce(rule.replica, false) AS "replicaRules",
  coalesce(reference."from", '{}') AS "referencedBy",
  c.relkind = 'r' AND has_table_privilege(c.oid, 'TRUNCATE') AS "mayTruncate",
  c.relam = ${heap} AS "isHeap",
  CASE WHEN c.relkind = 'r' AND n.nspname <> 'pg_catalog' THEN pg_table_size(c.oid)::float8 ELSE 0 END AS size,
  CASE WHEN c.relkind = 'r' AND n.nspname <> 'pg_catalog' THEN pg_relation_size(c.oid)::float8 / ${pageBytes} ELSE 0
    END AS pages
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN reference ON reference.oid = c.oid
  LEFT JOIN trigger ON trigger.oid = c.oid LEFT JOIN rule ON rule.oid = c.oid
  LEFT JOIN own_column ON own_column.oid = c.oid
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
