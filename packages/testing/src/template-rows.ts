import { sqlName, type Relation } from './relations.js';
import type { ServerSession } from './server-session.js';

/** How much of the content of tables is kept in memory, in bytes on disk: for one table, and for all. */
const keptOfOne = 2 * 2 ** 20;
const keptOfAll = 16 * 2 ** 20;

/** Reads the rows of small tables, in their order, as text; by the index of their probe. */
export async function readRows(
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
  if (kept.length === 0) return new Map();
  const parts = kept.map(
    ({ relation, index }) =>
      `SELECT ${index} AS index, json_agg(pg_evict_row::text ORDER BY pg_evict_row.ctid) AS rows
       FROM ONLY ${sqlName(relation)} AS pg_evict_row`,
  );
  const { rows } = await session.query<{ index: number; rows: string[] | null }>(parts.join('\nUNION ALL '));
  return new Map(rows.map((row) => [row.index, row.rows ?? []]));
}
