import type { ServerSession } from '../session/server-session.js';
import { packed } from './probe-statements.js';
import { type Relation, sqlName } from './relations.js';

/** The rows of a table of the template. */
export interface KeptRows {
  /** As text, in their order. */
  readonly texts: readonly string[];
  /** A hash of where they are. */
  readonly places: string;
}

/**
 * The maximum size of a table whose rows are kept in memory: in pages, because larger ones are vacuumed in the
 * template, which cannot be repeated; in bytes with TOAST; and in bytes for all.
 */
const keptPages = 9;
const keptOfOne = 2 * 2 ** 20;
const keptOfAll = 16 * 2 ** 20;

/** Tables, with their indexes, whose rows are read with one statement. */
const locksOfStatement = 200;

interface KeptTable {
  readonly relation: Relation;
  readonly index: number;
}

/** Where the rows of a table are, as SQL. */
export const placesOf = (row: string): string =>
  `md5(string_agg(${row}.ctid::text, ',' ORDER BY ${row}.ctid))`;

/** Reads the rows of small tables, in their order, as text; by the index of their probe. */
export async function readRows(
  session: ServerSession,
  probes: readonly { readonly relation: Relation | undefined }[],
  counts: readonly string[],
): Promise<Map<number, KeptRows>> {
  const { rows: settings } = await session.query<{ encoding: string }>('SHOW server_encoding', []);
  const [encoding] = settings.map((row) => Object.values(row)[0]);
  // Bytes without a known encoding would not be restored exactly.
  if (encoding === 'SQL_ASCII') return new Map();
  let size = 0;
  const kept = probes
    .map(({ relation }, index) => ({ relation, index }))
    .flatMap(({ relation, index }) => {
      if (relation?.kind !== 'table' || counts[index] === '0' || relation.columns.length === 0) return [];
      if (relation.pages > keptPages || relation.size > keptOfOne || size + relation.size > keptOfAll)
        return [];
      size += relation.size;
      return [{ relation, index }];
    });
  const found = new Map<number, KeptRows>();
  for (const part of packed(kept, ({ relation }) => 1 + relation.indexes, locksOfStatement)) {
    for (const [index, rows] of await readTexts(session, part)) found.set(index, rows);
  }
  return found;
}

async function readTexts(
  session: ServerSession,
  tables: readonly KeptTable[],
): Promise<(readonly [number, KeptRows])[]> {
  const parts = tables.map(
    ({ relation, index }) =>
      `SELECT ${index} AS index, json_agg(pg_evict_row::text ORDER BY pg_evict_row.ctid) AS texts,
         ${placesOf('pg_evict_row')} AS places
       FROM ONLY ${sqlName(relation)} AS pg_evict_row`,
  );
  try {
    const { rows } = await session.query<{ index: number; texts: string[] | null; places: string }>(
      parts.join('\nUNION ALL '),
    );
    return rows.map(({ index, texts, places }) => [index, { texts: texts ?? [], places }] as const);
  } catch (error) {
    if (session.lost) throw error;
    // A computed column may fail when it is read; such a table is copied, like a large one.
    if (tables.length === 1) return [];
    const each: (readonly [number, KeptRows])[] = [];
    for (const table of tables) each.push(...(await readTexts(session, [table])));
    return each;
  }
}
