import { sqlStateOf } from '@pg-evict/core/internal';
import type { ServerSession } from '../session/server-session.js';
import {
  askProbes,
  divideProbes,
  groups,
  packed,
  prepareProbes,
  type Probe,
  type ProbeNumbers,
  type ProbeStatement,
} from './probe-statements.js';
import { readClasses, readRelations, type Relation, sqlName } from './relations.js';

/** What a copy of a template contains, and how to see whether it still does. The same for all copies. */
export interface Baseline extends ProbeNumbers {
  readonly probes: readonly Probe[];
  readonly statements: readonly ProbeStatement[];
  /** Rows; of a sequence, its value. */
  readonly first: readonly string[];
  /** New rows; of a sequence, whether it was called. */
  readonly second: readonly string[];
  /** The rows of tables that are not empty, as text, by the probe's index; those of large tables are not kept. */
  readonly rows: ReadonlyMap<number, readonly string[]>;
  /** What `pg_class` says of each relation, by oid, but where and how it is stored. */
  readonly classes: ReadonlyMap<string, string>;
  /** Why it cannot be seen whether a copy still is what it was; then a new copy is always made. */
  readonly uncertain: string | null;
}

/**
 * A row is new if the transaction that wrote it began after the copy was made, or after the last reset. Deleted rows
 * are missing in the count. Both are exact, for tables and catalogs alike, as soon as no other transaction runs in the
 * database; statistics would not be (they can be turned off and reset, and come late before 15).
 *
 * age() counts back from the next transaction id, so it is right also when ids start over.
 */
const newRows = 'count(*) FILTER (WHERE age(xmin) <= (SELECT age($1)))';

/** Rows in catalogs that say nothing: a session's temporary schema stays when the session goes. */
const withoutTemporary = String.raw`WHERE nspname !~ '^pg_(toast_)?temp_\d+$'`;

/** Reads what a copy contains that nobody has touched yet. */
export async function readBaseline(session: ServerSession, nextTransaction: string): Promise<Baseline> {
  const relations = await readRelations(session);
  const largeObjects = await probeLargeObjects(session, relations);
  const probes = [...probesOf(relations), ...(typeof largeObjects === 'object' ? [largeObjects] : [])];
  const statements = divideProbes(probes);
  await prepareProbes(session, probes, statements);
  const unknown = { first: [], second: [] };
  const found = await askProbes(session, statements, groups, nextTransaction, unknown);
  const numbers = new Map(found.flatMap((differences) => [...differences]));
  const first = probes.map((_probe, index) => numbers.get(index)?.[0] ?? '');
  const second = probes.map((_probe, index) => numbers.get(index)?.[1] ?? '');
  const rows = await readRows(session, probes, first);
  const classes = await readClasses(session);
  return {
    probes,
    statements,
    first,
    second,
    rows,
    classes,
    uncertain: uncertaintyOf(relations, probes, first, largeObjects),
  };
}

function probesOf(relations: readonly Relation[]): Probe[] {
  const probes = relations
    .filter(({ readable, isPopulated }) => readable && isPopulated)
    .map((relation): Probe => {
      const name = sqlName(relation);
      const from =
        relation.kind === 'table' || relation.kind === 'catalog' ? `FROM ONLY ${name}` : `FROM ${name}`;
      const sql =
        relation.kind === 'sequence'
          ? `SELECT last_value, is_called::int ${from}`
          : `SELECT count(*), ${newRows} ${from} ${relation.name === 'pg_namespace' ? withoutTemporary : ''}`;
      return { relation, name: `${relation.schema}.${relation.name}`, sql };
    });
  return [
    ...probes,
    // Before 14 these flags are changed in place, so that no row is new.
    {
      relation: undefined,
      name: 'pg_catalog.pg_index',
      sql: `SELECT count(*) FILTER (WHERE NOT (indisvalid AND indisready AND indislive)), 0 FROM pg_index`,
    },
    // The catalog below it is not for everybody.
    {
      relation: undefined,
      name: 'pg_catalog.pg_user_mapping',
      sql: 'SELECT count(*), 0 FROM pg_user_mappings',
    },
  ];
}

/**
 * Superusers see the content of large objects in a catalog. Others are asked for that of each: two sums of 48 bits of
 * their hashes. Returns why that cannot be, in words.
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
    return { relation: undefined, name: 'pg_catalog.pg_largeobject', sql };
  } catch (error) {
    if (sqlStateOf(error) !== '42501') throw error;
    return 'our role may not read the large objects of the template';
  }
}

/** Whether a catalog is there that our role may not read. */
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
  // What is in information_schema belongs to the server's superuser, as catalogs do.
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

/** How much of the content of tables is kept in memory, in bytes on disk: for one table, and for all. */
const keptOfOne = 2 * 2 ** 20;
const keptOfAll = 16 * 2 ** 20;

/** Reads the rows of small tables, in their order, as text; by the index of their probe. */
async function readRows(
  session: ServerSession,
  probes: readonly { readonly relation: Relation | undefined }[],
  counts: readonly string[],
): Promise<Map<number, readonly string[]>> {
  const { rows: settings } = await session.query<{ encoding: string }>('SHOW server_encoding', []);
  const [encoding] = settings.map((row) => Object.values(row)[0]);
  // Bytes of no known encoding would not come back as they went.
  if (encoding === 'SQL_ASCII') return new Map();
  let size = 0;
  const kept = probes
    .map(({ relation }, index) => ({ relation, index }))
    .flatMap(({ relation, index }) => {
      if (relation?.kind !== 'table' || counts[index] === '0' || relation.columns.length === 0) return [];
      if (relation.size > keptOfOne || size + relation.size > keptOfAll) return [];
      size += relation.size;
      return [{ relation, index }];
    });
  const found = new Map<number, readonly string[]>();
  for (const part of packed(kept, ({ relation }) => 1 + relation.indexes, tablesAtOnce)) {
    for (const [index, texts] of await readTexts(session, part)) found.set(index, texts);
  }
  return found;
}

/** Tables, and their indexes, whose rows are read with one statement. */
const tablesAtOnce = 200;

interface KeptTable {
  readonly relation: Relation;
  readonly index: number;
}

async function readTexts(
  session: ServerSession,
  tables: readonly KeptTable[],
): Promise<(readonly [number, readonly string[]])[]> {
  const parts = tables.map(
    ({ relation, index }) =>
      `SELECT ${index} AS index, json_agg(pg_evict_row::text ORDER BY pg_evict_row.ctid) AS rows
       FROM ONLY ${sqlName(relation)} AS pg_evict_row`,
  );
  try {
    const { rows } = await session.query<{ index: number; rows: string[] | null }>(
      parts.join('\nUNION ALL '),
    );
    return rows.map((row) => [row.index, row.rows ?? []] as const);
  } catch (error) {
    if (session.lost) throw error;
    // A column that is computed when it is read may fail; such a table is copied, as a large one is.
    if (tables.length === 1) return [];
    const each: (readonly [number, readonly string[]])[] = [];
    for (const table of tables) each.push(...(await readTexts(session, [table])));
    return each;
  }
}
