import type { CopyState } from './compare.js';
import type { Differences } from './probe-statements.js';
import { type Relation, sqlName } from './relations.js';
import { type Baseline, readSecond } from './snapshot.js';

/** Bits of `pg_trigger.tgtype` (src/include/catalog/pg_trigger.h). */
const onInsert = 4;
const onDelete = 8;
const onTruncate = 32;

/** A table that has grown by more pages is not vacuumed: its indexes would stay as large as they are. */
const grownPages = 32;

/** Tables of more pages are vacuumed in the template. */
const unvacuumedPages = 9;

/** The maximum number of tables that are truncated, with those that refer to them; a new copy is faster than more. */
const truncatedAtMost = 16;

/**
 * How a table gets the rows of the template back, each in its place.
 * - `truncate`: it gets new storage, and the rows, if it has any, are inserted again. Tables that refer to it have to
 *   be truncated with it.
 * - `vacuum`: new rows are deleted, or all if not all of the template's are in their places, and the space is given
 *   back; then the planner's statistics of it have to be restored, too.
 * - `delete`: new rows are deleted, and the space they took in the last page is left.
 */
export type UndoMethod = 'truncate' | 'vacuum' | 'delete';

/** A table whose changes are undone. */
export interface TableUndo {
  readonly relation: Relation;
  /** Of its probe. */
  readonly index: number;
  readonly method: UndoMethod;
  /** The template's rows that have to be inserted again, if any. */
  readonly refill: readonly string[] | undefined;
}

/** How changes can be undone. */
export interface UndoPlan {
  readonly tables: readonly TableUndo[];
  /** `setval` calls. */
  readonly sequences: readonly string[];
}

type Circumstances = Pick<CopyState, 'baseline' | 'asReplica' | 'isSuperuser'>;

/** Plans how to undo changes; returns the reason, in words, if only a new copy will do. */
export function planUndo(circumstances: Circumstances, changed: Differences): UndoPlan | string {
  const { baseline } = circumstances;
  const tables = new Map<number, TableUndo>();
  const sequences: string[] = [];
  for (const [index, numbers] of changed) {
    const probe = baseline.probes[index];
    const relation = probe?.relation;
    if (relation?.kind === 'sequence') {
      sequences.push(
        `setval(${relation.oid}::oid::regclass, ${baseline.first[index]}, ${baseline.second[index] === '1'})`,
      );
    } else if (relation?.kind === 'table') {
      const method = methodFor(circumstances, relation, index, numbers);
      if (method === undefined) return `the rows of ${probe?.name ?? ''} cannot be put back in their places`;
      tables.set(relation.oid, method);
    } else {
      return `${probe?.name ?? ''} changed`;
    }
  }
  return (
    addReferring(baseline, tables) ??
    obstacleTo([...tables.values()], circumstances) ?? { tables: [...tables.values()], sequences }
  );
}

function methodFor(
  { baseline, isSuperuser }: Circumstances,
  relation: Relation,
  index: number,
  [count, second]: readonly [string, string],
): TableUndo | undefined {
  const { newRows, pages } = readSecond(second);
  const first = BigInt(baseline.first[index] ?? '0');
  const isEmpty = first === 0n;
  const refill = isEmpty ? undefined : baseline.rows.get(index)?.texts;
  const canRefill = (isEmpty || refill !== undefined) && !baseline.unrepeatable.has(index);
  const canVacuum = isSuperuser && pages - relation.pages <= grownPages;
  const table = { relation, index };
  // An updated row counts as new; so all rows of the template are there, and in their places.
  if (!isEmpty && BigInt(count) - newRows === first) {
    // VACUUM records free space in pages except the last, unless it has done so in the template.
    if (canVacuum && (relation.pages <= 1 || relation.pages > unvacuumedPages)) {
      return { ...table, method: 'vacuum', refill: undefined };
    }
    if (pages === relation.pages) return { ...table, method: 'delete', refill: undefined };
  }
  if (!canRefill) return undefined;
  if (canVacuum && relation.pages <= 1) return { ...table, method: 'vacuum', refill };
  return { ...table, method: 'truncate', refill };
}

/** TRUNCATE takes tables together with those that refer to them. */
function addReferring(baseline: Baseline, tables: Map<number, TableUndo>): string | undefined {
  const truncated = [...tables.values()].filter(({ method }) => method === 'truncate');
  if (truncated.length === 0) return undefined;
  const all = new Map(
    baseline.probes.flatMap(({ relation }, index) =>
      relation?.kind === 'table' ? [[relation.oid, { relation, index }] as const] : [],
    ),
  );
  // The list grows during the loop.
  for (const { relation } of truncated) {
    if (!relation.mayTruncate) return `our role may not truncate ${sqlName(relation)}`;
    for (const oid of relation.referencedBy) {
      if (tables.get(oid)?.method === 'truncate') continue;
      const other = all.get(oid);
      const refill = other && baseline.rows.get(other.index)?.texts;
      const isEmpty = other !== undefined && baseline.first[other.index] === '0';
      if (other === undefined || (!isEmpty && refill === undefined) || truncated.length >= truncatedAtMost) {
        return `other tables refer to ${sqlName(relation)}`;
      }
      const added: TableUndo = { ...other, method: 'truncate', refill };
      tables.set(oid, added);
      truncated.push(added);
    }
  }
  return undefined;
}

/** The reason, if a definition in the template would make the statements of the undo do something else. */
function obstacleTo(
  tables: readonly TableUndo[],
  { baseline, asReplica }: Circumstances,
): string | undefined {
  const filled = new Set(
    baseline.probes.flatMap(({ relation }, index) =>
      relation?.kind === 'table' && baseline.first[index] !== '0' ? [relation.oid] : [],
    ),
  );
  const truncated = new Set(
    tables.flatMap(({ method, relation }) => (method === 'truncate' ? [relation.oid] : [])),
  );
  for (const { relation, refill, method } of tables) {
    const name = sqlName(relation);
    const triggers = asReplica ? relation.replicaTriggers : relation.originTriggers;
    const emptying = method === 'truncate' ? onTruncate : onDelete;
    if ((triggers & emptying) !== 0 || (refill !== undefined && (triggers & onInsert) !== 0)) {
      return `${name} has triggers that would fire`;
    }
    const hasRules = asReplica ? relation.replicaRules : relation.originRules;
    if (hasRules && (method !== 'truncate' || refill !== undefined)) return `${name} has rules`;
    // Without the privilege to disable foreign keys, rows that others refer to cannot be removed for a moment.
    const referring = relation.referencedBy.filter((oid) => filled.has(oid) && !truncated.has(oid));
    if (!asReplica && refill !== undefined && referring.length > 0)
      return `other tables refer to rows of ${name}`;
  }
  return undefined;
}
