import type { Queryable } from '../connection/queryable.js';
import type { Blocker, BlockerKind } from '../contract/blocker.js';
import { type Remedy, withRemedy } from '../contract/remedy.js';
import { quoteLiteral } from '../text/quote.js';

/** $1 databases. Everything here is readable by every role. */
const blockersQuery = `
SELECT 'prepared-transaction' AS kind, gid AS name, database::text, owner::text AS detail, true AS active
FROM pg_prepared_xacts WHERE database = ANY ($1::name[])
UNION ALL
SELECT 'replication-slot', slot_name, database, active_pid::text, active
FROM pg_replication_slots WHERE database = ANY ($1::name[])
UNION ALL
SELECT 'subscription', s.subname, d.datname, NULL, true
FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = ANY ($1::name[])
UNION ALL
SELECT 'template', datname, datname, NULL, true FROM pg_database WHERE datname = ANY ($1::name[]) AND datistemplate
UNION ALL
SELECT 'invalid-database', datname, datname, NULL, true
FROM pg_database WHERE datname = ANY ($1::name[]) AND datconnlimit = -2
ORDER BY 1, 2`;

interface BlockerRow {
  readonly kind:
    | 'prepared-transaction'
    | 'replication-slot'
    | 'subscription'
    | 'template'
    | 'invalid-database';
  readonly name: string;
  readonly database: string;
  readonly detail: string | null;
  readonly active: boolean;
}

/** Blockers, beside sessions, of some databases. */
export interface FoundBlockers {
  readonly blockers: readonly Blocker[];
  /** Inactive replication slots: they block nothing, but DROP DATABASE drops them without notice. */
  readonly inactiveSlots: readonly Blocker[];
}

/** Finds the obstacles that remain after sessions are terminated. Needs no privilege. */
export async function findBlockers(
  client: Queryable,
  databases: readonly string[],
  kinds: readonly BlockerKind[],
): Promise<FoundBlockers> {
  const { rows } = await client.query(blockersQuery, [databases]);
  const found = (rows as unknown as BlockerRow[]).filter(({ kind }) => kinds.includes(kind));
  return {
    blockers: found.filter(({ active }) => active).map(toBlocker),
    inactiveSlots: found.filter(({ active }) => !active).map(toBlocker),
  };
}

function toBlocker(row: BlockerRow): Blocker {
  const { kind, name, database } = row;
  const [detail, remedy] = tell(row);
  return withRemedy({ kind, name, database, detail }, remedy);
}

/** Describes a blocker in a sentence, with its remedy. */
function tell({ kind, name, database, detail, active }: BlockerRow): [string, Remedy] {
  const on = `database "${database}"`;
  switch (kind) {
    case 'prepared-transaction':
      return [
        `The prepared transaction ${quoteLiteral(name)} of "${detail ?? ''}" is open in ${on}.`,
        { kind: 'roll-back-prepared', gid: name, database },
      ];
    case 'replication-slot':
      return active
        ? [
            `The replication slot "${name}" of ${on} is in use by process ${detail ?? '?'}.`,
            { kind: 'drop-slot', slot: name },
          ]
        : [
            `The inactive replication slot "${name}" is dropped with ${on}; its consumer could not continue.`,
            { kind: 'advice', text: 'To keep it, leave the database as it is.' },
          ];
    case 'subscription':
      return [
        `The subscription "${name}" lives in ${on}.`,
        { kind: 'drop-subscription', subscription: name, database },
      ];
    case 'template':
      return [
        `Database "${database}" is marked as a template, which DROP DATABASE refuses.`,
        { kind: 'unset-template', database },
      ];
    case 'invalid-database':
      return [
        `Database "${database}" is invalid: a DROP DATABASE was interrupted half-way.`,
        { kind: 'drop-invalid', database },
      ];
  }
}
