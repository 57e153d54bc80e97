import { sqlStateOf } from '@pg-evict/core/internal';
import type { ServerSession } from '../session/server-session.js';
import { type KeptRows, readRows } from './kept-rows.js';
import { plannerProbe, type PlannerNumbers, readPlannerNumbers } from './planner-numbers.js';
import {
  askProbes,
  divideProbes,
  groups,
  pagesOf,
  prepareProbes,
  type Probe,
  type ProbeNumbers,
  type ProbeStatement,
  rowBits,
} from './probe-statements.js';
import { isNew, noTransaction, readClasses, readRelations, type Relation, sqlName } from './relations.js';

/** The content of a copy of a template, and how to check it. The same for all copies. */
export interface Baseline extends ProbeNumbers {
  readonly probes: readonly Probe[];
  readonly statements: readonly ProbeStatement[];
  /** Rows; of a table without a page, 0; of a sequence, its value. */
  readonly first: readonly string[];
  /** New rows and, of a table, its pages: see {@link readSecond}; of a sequence, whether it was called. */
  readonly second: readonly string[];
  /** The rows of small tables, by the probe's index. */
  readonly rows: ReadonlyMap<number, KeptRows>;
  /** The planner's statistics of each table and its indexes, by the table's oid. */
  readonly planning: ReadonlyMap<number, readonly PlannerNumbers[]>;
  /** The `pg_class` row of each relation, by oid, without the place and kind of its storage. */
  readonly classes: ReadonlyMap<string, string>;
  /** Tables, by the probe's index, whose rows turned out not to return to their places in the template. */
  readonly unrepeatable: Set<number>;
  /** The reason why a change of a copy could go unnoticed; then a new copy is always made. */
  readonly uncertain: string | null;
}

/** Takes the second number of a table apart. */
export function readSecond(second: string): { readonly newRows: bigint; readonly pages: number } {
  const number = BigInt(second);
  return { newRows: number & ((1n << rowBits) - 1n), pages: Number(number >> rowBits) };
}

/** The second number of a table that is as in the template, but whose rows count as new. */
export const withNewRows = (second: string, newRows: number): string =>
  String(BigInt(second) + BigInt(newRows));

/**
 * A row is new if the transaction that wrote it began after the copy was made, or after the last reset. Deleted rows
 * are missing in the count. Both are exact, for tables and catalogs alike, as soon as no other transaction runs in the
 * database; statistics would not be (they can be turned off and reset, and come late before 15).
 */
const newRows = `count(*) FILTER (WHERE ${isNew('$1', '$2')})`;

/** Rows in catalogs without meaning: a session's temporary schema stays when the session ends. */
const withoutTemporary = String.raw`WHERE nspname !~ '^pg_(toast_)?temp_\d+$'`;

/** Reads the content of a copy that has not been used yet. */
export async function readBaseline(session: ServerSession, nextTransaction: string): Promise<Baseline> {
  const relations = await readRelations(session);
  const largeObjects = await probeLargeObjects(session, relations);
  const probes = [...probesOf(relations), ...(typeof largeObjects === 'object' ? [largeObjects] : [])];
  const statements = divideProbes(probes);
  await prepareProbes(session, probes, statements);
  const unknown = { first: [], second: [] };
  const since = { newSince: nextTransaction, own: noTransaction };
  const found = await askProbes(session, { statements, ...unknown }, groups, since);
  const numbers = new Map(found.flatMap((differences) => [...differences]));
  const first = probes.map((_probe, index) => numbers.get(index)?.[0] ?? '');
  const second = probes.map((_probe, index) => numbers.get(index)?.[1] ?? '');
  const rows = await readRows(session, probes, first);
  const planning = await readPlannerNumbers(session);
  const classes = await readClasses(session);
  return {
    probes,
    statements,
    first,
    second,
    rows,
    planning,
    classes,
    unrepeatable: new Set(),
    uncertain: uncertaintyOf(relations, probes, first, largeObjects),
  };
}

function probesOf(relations: readonly Relation[]): Probe[] {
  const probes = relations
    .filter(({ readable, isPopulated }) => readable && isPopulated)
    .map((relation): Probe => {
      const name = `${relation.schema}.${relation.name}`;
      const from = sqlName(relation);
      switch (relation.kind) {
        case 'sequence': {
          return {
            group: 'untracked',
            relation,
            name,
            sql: `SELECT last_value, is_called::int FROM ${from}`,
          };
        }
        case 'catalog': {
          const where = relation.name === 'pg_namespace' ? withoutTemporary : '';
          const sql = `SELECT count(*), ${newRows} FROM ONLY ${from} ${where}`;
          return { group: 'catalogs', relation, name, sql };
        }
        case 'materialized view': {
          return { group: 'tables', relation, name, sql: `SELECT count(*), ${newRows} FROM ${from}` };
        }
        case 'table': {
          if (relation.isHeap && relation.pages === 0) return { group: 'sizes', relation, name, sql: null };
          const pages = pagesOf(`${relation.oid}::oid::regclass`);
          return {
            group: 'tables',
            relation,
            name,
            sql: `SELECT count(*), ${newRows} + ${pages} FROM ONLY ${from}`,
          };
        }
      }
    });
  return [
    ...probes,
    // Before 14 these flags are changed in place, so that no row is new.
    {
      group: 'catalogs',
      relation: undefined,
      name: 'pg_catalog.pg_index',
      sql: `SELECT count(*) FILTER (WHERE NOT (indisvalid AND indisready AND indislive)), 0 FROM pg_index`,
    },
    // Not every role may read the catalog below it.
    {
      group: 'catalogs',
      relation: undefined,
      name: 'pg_catalog.pg_user_mapping',
      sql: 'SELECT count(*), 0 FROM pg_user_mappings',
    },
    { group: 'untracked', relation: undefined, name: "the planner's numbers of a table", sql: plannerProbe },
  ];
}

/**
 * Superusers see the content of large objects in a catalog. For other roles, each object is read: two sums of 48 bits
 * of their hashes. Returns the reason, in words, if that is not possible.
 */
async function probeLargeObjects(
  session: ServerSession,
  relations: readonly Relation[],
): Promise<Probe | string | undefined> {
  if (!hides(relations, 'pg_largeobject')) return undefined;
  const part = (from: number): string =>
    `coalesce(sum(('x' || substr(md5(lo_get(oid)), ${from}, 12))::bit(48)::bigint), 0)::bigint`;
  const sql = `SELECT ${part(1)}, ${part(13)} FROM pg_largeobject_metadata`;
  try {
    await session.query(sql);
    return { group: 'catalogs', relation: undefined, name: 'pg_catalog.pg_largeobject', sql };
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    return 'our role may not read the large objects of the template';
  }
}

/** Whether there is a catalog that our role may not read. */
function hides(relations: readonly Relation[], catalog: string): boolean {
  return relations.some(({ kind, name, readable }) => kind === 'catalog' && name === catalog && !readable);
}

function uncertaintyOf(
  relations: readonly Relation[],
  probes: readonly Probe[],
  counts: readonly string[],
  largeObjects: unknown,
): string | null {
  if (typeof largeObjects === 'string') return largeObjects;
  // Objects in information_schema belong to the server's superuser, as catalogs do.
  const hidden = relations.filter(
    ({ kind, readable, schema }) => !readable && kind !== 'catalog' && schema !== 'information_schema',
  );
  const denied = hidden.filter(({ isFiltered }) => !isFiltered);
  if (denied.length > 0) return `our role may not read ${listed(denied)}`;
  if (hidden.length > 0) {
    return `row-level security applies to our role in ${listed(hidden)}; with \`admin\` in the configuration, a superuser or a role that has BYPASSRLS, rows can be put back`;
  }
  const mappings = counts[probes.findIndex(({ name }) => name === 'pg_catalog.pg_user_mapping')];
  return hides(relations, 'pg_user_mapping') && mappings !== '0'
    ? 'our role may not read the user mappings of the template'
    : null;
}

/** Some names, for messages. */
function listed(relations: readonly Relation[]): string {
  const shown = relations.slice(0, 3).map(({ schema, name }) => `${schema}.${name}`);
  return `${shown.join(', ')}${relations.length > shown.length ? ` and ${relations.length - shown.length} more` : ''}`;
}
