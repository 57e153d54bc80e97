import { toTransactionId } from '../session/surroundings.js';
import type { CopyState } from './compare.js';
import { type Relation, sqlName } from './relations.js';
import type { Baseline } from './snapshot.js';

/** Bits of `pg_trigger.tgtype` (src/include/catalog/pg_trigger.h). */
const onInsert = 4;
const onDelete = 8;

/** A table that has grown by more than this is vacuumed, so that it does not get slower with every reset. */
const grownBytes = 256 * 1024;

interface ChangedTable {
  readonly relation: Relation;
  readonly index: number;
  /** The template's rows; `undefined` where it has none. */
  readonly rows: readonly string[] | undefined;
}

/** How changes can be undone. */
export interface UndoPlan {
  readonly tables: readonly ChangedTable[];
  /** `setval` calls. */
  readonly sequences: readonly string[];
}

/** Plans how to undo changes; says in words why only a new copy will do. */
export function planUndo(
  { baseline, asReplica }: Pick<CopyState, 'baseline' | 'asReplica'>,
  changed: ReadonlySet<number>,
): UndoPlan | string {
  const tables: ChangedTable[] = [];
  const sequences: string[] = [];
  for (const index of changed) {
    const probe = baseline.probes[index];
    const relation = probe?.relation;
    if (relation?.kind === 'sequence') {
      sequences.push(
        `setval(${relation.oid}::oid::regclass, ${baseline.first[index]}, ${baseline.second[index] === '1'})`,
      );
    } else if (relation?.kind === 'table') {
      const isEmpty = baseline.first[index] === '0';
      const rows = isEmpty ? undefined : baseline.rows.get(index);
      if (!isEmpty && rows === undefined) return `${probe?.name ?? ''} is too large to be kept in memory`;
      tables.push({ relation, index, rows });
    } else {
      return `${probe?.name ?? ''} changed`;
    }
  }
  return obstacleTo(tables, baseline, asReplica) ?? { tables, sequences };
}

/** Whether what the template defines would do something else than what is asked of it. */
function obstacleTo(
  tables: readonly ChangedTable[],
  baseline: Baseline,
  asReplica: boolean,
): string | undefined {
  const filled = new Set(
    baseline.probes.flatMap(({ relation }, index) =>
      relation?.kind === 'table' && baseline.first[index] !== '0' ? [relation.oid] : [],
    ),
  );
  for (const { relation, rows } of tables) {
    const name = sqlName(relation);
    const triggers = asReplica ? relation.replicaTriggers : relation.originTriggers;
    if ((triggers & onDelete) !== 0 || (rows !== undefined && (triggers & onInsert) !== 0)) {
      return `${name} has triggers that would fire`;
    }
    if (asReplica ? relation.replicaRules : relation.originRules) return `${name} has rules`;
    // Without the privilege to keep foreign keys quiet, rows that others refer to cannot be taken away for a moment.
    if (!asReplica && rows !== undefined && relation.referencedBy.some((oid) => filled.has(oid))) {
      return `other tables refer to rows of ${name}`;
    }
  }
  return undefined;
}

/**
 * Undoes changes: empties the changed tables, sets the sequences, then fills in the template's rows. One transaction, so
 * that what somebody writes meanwhile, who got in nevertheless, counts as new. On failure the session may be left in it.
 *
 * @returns the transaction id from which on rows are new
 */
export async function undoChanges({ session }: CopyState, { tables, sequences }: UndoPlan): Promise<string> {
  const refilled = tables.filter(({ rows }) => rows !== undefined);
  const deletes = tables.map(({ relation }, n) => `d${n} AS (DELETE FROM ONLY ${sqlName(relation)})`);
  const sizes = tables.map(({ relation }) => `pg_table_size(${relation.oid}::oid::regclass)::float8`);
  const emptying = await session.queryAll<{ id: string; sizes: number[] }>([
    ...(refilled.length === 0 ? [] : ['BEGIN']),
    `${deletes.length === 0 ? '' : `WITH ${deletes.join(', ')} `}SELECT ${sequences
      .map((setval, n) => `${setval} AS s${n}, `)
      .join('')}ARRAY[${sizes.join(', ')}]::float8[] AS sizes, pg_current_xact_id()::text AS id`,
  ]);
  const emptied = emptying.at(-1)?.[0];
  if (emptied === undefined) throw new Error('the server did not say which transaction undoes the changes');
  if (refilled.length > 0) {
    const inserts = refilled.map(({ relation }, n) => {
      const columns = relation.columns.join(', ');
      const name = sqlName(relation);
      return `i${n} AS (INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE
        SELECT ${columns} FROM unnest($${n + 1}::${name}[]))`;
    });
    await session.query(
      `WITH ${inserts.join(', ')} SELECT`,
      refilled.map((table) => table.rows),
    );
    await session.query('COMMIT');
  }
  const grown = tables.filter(({ relation }, n) => (emptied.sizes[n] ?? 0) > relation.size + grownBytes);
  if (grown.length > 0) {
    await session.query(`VACUUM ${grown.map(({ relation }) => sqlName(relation)).join(', ')}`);
  }
  return toTransactionId(String(BigInt(emptied.id) + 1n));
}
