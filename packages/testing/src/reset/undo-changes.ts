import { toTransactionId } from '../session/surroundings.js';
import type { CopyState } from './compare.js';
import { placesOf } from './kept-rows.js';
import type { TableUndo, UndoPlan } from './plan-undo.js';
import { writePlannerNumbers } from './planner-numbers.js';
import { pageBytes, sqlName } from './relations.js';
import { readSecond } from './snapshot.js';

/** Changes that were undone. */
export interface Undone {
  /** The tables with space left that VACUUM could not give back. */
  readonly roomLeft: ReadonlySet<TableUndo>;
  readonly places: readonly Place[];
}

/** Where the rows of a table are now. */
interface Place {
  /** Of the table's probe. */
  readonly index: number;
  /** Of the table, in bytes. */
  readonly size: number;
  /** A hash, if rows were inserted again. */
  readonly places: string | null;
}

/**
 * Undoes changes: empties the changed tables, sets the sequences, then inserts the template's rows, in one transaction
 * as far as possible. Later writes, by a session that connected nevertheless, count as new. On failure the session may
 * be left in the transaction.
 */
export async function undoChanges(memory: CopyState, { tables, sequences }: UndoPlan): Promise<Undone> {
  const vacuumed = tables.filter(({ method }) => method === 'vacuum');
  const newSince = await emptyTables(memory, tables, sequences);
  const roomLeft = vacuumed.length > 0 ? await vacuum(memory, vacuumed) : new Set<TableUndo>();
  const { own, places } = await refillTables(memory, tables, vacuumed);
  memory.begin(newSince, own);
  return { roomLeft, places };
}

/**
 * Inserts rows into tables that were vacuumed, and restores the planner's numbers of all, if our role may.
 *
 * @returns the transaction that did so, and where the rows are
 */
async function refillTables(
  { session, baseline, isSuperuser }: CopyState,
  tables: readonly TableUndo[],
  vacuumed: readonly TableUndo[],
): Promise<{ readonly own: string | undefined; readonly places: readonly Place[] }> {
  if (tables.length === 0) return { own: undefined, places: [] };
  const looking = placesQuery(tables);
  if (!isSuperuser) return { own: undefined, places: (await session.query<Place>(looking)).rows };
  const numbers = tables.flatMap(({ relation }) => baseline.planning.get(relation.oid) ?? []);
  const [inserts, values] = insertsOf(vacuumed.filter(({ refill }) => refill !== undefined));
  const writing = `WITH ${[...inserts, `u AS (${writePlannerNumbers(numbers)})`].join(', ')}
    SELECT pg_current_xact_id()::text AS id`;
  // Only a statement of its own may have parameters.
  const [written, places] =
    values.length === 0
      ? await session.queryAll([writing, looking])
      : [(await session.query(writing, values)).rows, (await session.query(looking)).rows];
  const [row] = (written ?? []) as readonly { readonly id: string }[];
  return { own: row && toTransactionId(row.id), places: (places ?? []) as readonly Place[] };
}

/** Returns the transaction id from which on rows are new. */
async function emptyTables(
  { session, newSince }: CopyState,
  tables: readonly TableUndo[],
  sequences: readonly string[],
): Promise<string> {
  const truncated = tables.filter(({ method }) => method === 'truncate');
  const refilled = truncated.filter(({ refill }) => refill !== undefined);
  const deletes = tables
    .filter(({ method }) => method !== 'truncate')
    .map(({ relation, refill }, n) => {
      const which = refill === undefined ? `WHERE age(xmin) <= age('${newSince}'::xid)` : '';
      return `d${n} AS (DELETE FROM ONLY ${sqlName(relation)} ${which})`;
    });
  const names = truncated.map(({ relation }) => `ONLY ${sqlName(relation)}`);
  const answers = await session.queryAll<{ id: string }>([
    ...(refilled.length === 0 ? [] : ['BEGIN']),
    ...(truncated.length === 0 ? [] : [`TRUNCATE ${names.join(', ')}`]),
    `${deletes.length === 0 ? '' : `WITH ${deletes.join(', ')} `}SELECT ${sequences
      .map((setval, n) => `${setval} AS s${n}, `)
      .join('')}pg_current_xact_id()::text AS id`,
  ]);
  const emptied = answers.at(-1)?.[0];
  if (emptied === undefined) throw new Error('the server did not say which transaction undoes the changes');
  if (refilled.length > 0) {
    const [inserts, values] = insertsOf(refilled);
    await session.query(`WITH ${inserts.join(', ')} SELECT`, values);
    await session.query('COMMIT');
  }
  return toTransactionId(String(BigInt(emptied.id) + 1n));
}

/** Inserts the template's rows in their order, as parts of a WITH, and the values of these. */
function insertsOf(tables: readonly TableUndo[]): [string[], unknown[]] {
  const inserts = tables.map(({ relation }, n) => {
    const columns = relation.columns.join(', ');
    const name = sqlName(relation);
    return `i${n} AS (INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE
      SELECT ${columns} FROM unnest($${n + 1}::${name}[]))`;
  });
  return [inserts, tables.map(({ refill }) => refill)];
}

/** Between tries to vacuum, in seconds. */
const pausesSeconds = [0.002, 0.005, 0.01, 0.02, 0.05] as const;

/**
 * Gives back all the space. No other session is on the database, but a session that is just connecting to the server
 * holds back VACUUM in every database (`databaseId` is 0 until then: ComputeXidHorizons(),
 * src/backend/storage/ipc/procarray.c). If dead rows are left for that reason, their page is not all visible.
 *
 * @returns the tables with space left
 */
async function vacuum(
  { session, version }: CopyState,
  tables: readonly TableUndo[],
): Promise<ReadonlySet<TableUndo>> {
  // From 18 on a table stands for those that inherit from it, too.
  const only = version >= 180_000 ? 'ONLY ' : '';
  // The database's oldest transaction, which the others look for in all of pg_class.
  const options = `INDEX_CLEANUP true, TRUNCATE true${version >= 160_000 ? ', SKIP_DATABASE_STATS true' : ''}`;
  let left = tables;
  for (const pause of [...pausesSeconds, undefined]) {
    const names = left.map(({ relation }) => only + sqlName(relation));
    await session.query(`VACUUM (${options}) ${names.join(', ')}`);
    const { rows } = await session.query<{ oid: number }>(
      'SELECT oid::bigint::float8 AS oid FROM pg_class WHERE oid = ANY ($1::oid[]) AND relallvisible <> relpages',
      [left.map(({ relation }) => relation.oid)],
    );
    const unfinished = new Set(rows.map(({ oid }) => oid));
    left = left.filter(({ relation }) => unfinished.has(relation.oid));
    if (left.length === 0 || pause === undefined) break;
    await session.query('SELECT pg_sleep($1)', [pause]);
  }
  return new Set(left);
}

function placesQuery(tables: readonly TableUndo[]): string {
  return tables
    .map(({ relation, index, refill }) => {
      const places = refill === undefined ? 'NULL' : placesOf('pg_evict_row');
      const from = refill === undefined ? '' : `FROM ONLY ${sqlName(relation)} AS pg_evict_row`;
      return `SELECT ${index} AS index, pg_relation_size(${relation.oid}::oid::regclass)::float8 AS size,
        ${places} AS places ${from}`;
    })
    .join('\nUNION ALL ');
}

/**
 * Whether tables have as many pages as in the template, and re-inserted rows are in their places. If they are not,
 * although all space was given back, they never will be.
 */
export function areInPlace({ baseline }: CopyState, { places: found, roomLeft }: Undone): boolean {
  const moved = found.filter(({ index, size, places }) => {
    const { pages } = readSecond(baseline.second[index] ?? '0');
    const inTemplate = baseline.rows.get(index)?.places;
    return Math.floor(size / pageBytes) !== pages || (places !== null && places !== inTemplate);
  });
  const unlucky = new Set([...roomLeft].map(({ index }) => index));
  for (const { index, places } of moved) {
    if (places !== null && !unlucky.has(index)) baseline.unrepeatable.add(index);
  }
  return moved.length === 0;
}
