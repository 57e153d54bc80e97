import type { Queryable } from '../connection/queryable.js';
import type { Blocker, BlockerKind } from '../contract/blocker.js';
import { type Remedy, withRemedy } from '../contract/remedy.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';

/**
 * $1 databases. Everything here is readable by every role. Who may remove what: `LockGXact()`
 * (src/backend/access/transam/twophase.c), `CheckSlotPermissions()` (src/backend/replication/slot.c),
 * `DropSubscription()` (src/backend/commands/subscriptioncmds.c).
 */
const blockersQuery = `
WITH me AS (SELECT rolname, rolsuper, rolreplication FROM pg_roles WHERE rolname = current_user)
SELECT 'prepared-transaction' AS kind, gid AS name, database::text, owner::text AS detail, true AS active,
  rolsuper OR owner = rolname AS removable, rolname::text AS role
FROM me, pg_prepared_xacts WHERE database = ANY ($1::name[])
UNION ALL
SELECT 'replication-slot', slot_name, database, active_pid::text, active, rolsuper OR rolreplication, rolname
FROM me, pg_replication_slots WHERE database = ANY ($1::name[])
UNION ALL
SELECT 'subscription', s.subname, d.datname, pg_get_userbyid(s.subowner), true, pg_has_role(s.subowner, 'USAGE'), rolname
FROM me, pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = ANY ($1::name[])
UNION ALL
SELECT 'template', datname, datname, NULL, true, true, rolname
FROM me, pg_database WHERE datname = ANY ($1::name[]) AND datistemplate
UNION ALL
SELECT 'invalid-database', datname, datname, NULL, true, true, rolname
FROM me, pg_database WHERE datname = ANY ($1::name[]) AND datconnlimit = -2
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
  /** Whether our role may remove it; not whether it may drop the database. */
  readonly removable: boolean;
  readonly role: string;
}

/** Blockers, beside sessions, of some databases. */
export interface FoundBlockers {
  readonly blockers: readonly Blocker[];
  /** Those of `blockers` that our role may not remove. */
  readonly irremovable: readonly Blocker[];
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
  const found = (rows as unknown as BlockerRow[])
    .filter(({ kind }) => kinds.includes(kind))
    .map((row) => ({ row, blocker: toBlocker(row) }));
  const those = (are: (row: BlockerRow) => boolean): Blocker[] =>
    found.filter(({ row }) => are(row)).map(({ blocker }) => blocker);
  return {
    blockers: those(({ active }) => active),
    irremovable: those(({ active, removable }) => active && !removable),
    inactiveSlots: those(({ active }) => !active),
  };
}

function toBlocker(row: BlockerRow): Blocker {
  const { kind, name, database } = row;
  const [detail, remedy] = tell(row);
  return withRemedy({ kind, name, database, detail }, remedy);
}

/** Describes a blocker in a sentence, with its remedy. */
function tell(row: BlockerRow): [string, Remedy] {
  const [told, remedy] = tellRemovable(row);
  return [told, row.active && !row.removable ? remedyOfOthers(row) : remedy];
}

/** The remedy where our role may not remove it. */
function remedyOfOthers({ kind, name, database, detail, role }: BlockerRow): Remedy {
  const owner = `"${detail ?? ''}"`;
  const text: Partial<Record<BlockerRow['kind'], string>> = {
    'prepared-transaction': `Role "${role}" may not roll it back. As ${owner} or a superuser, in database "${database}": ROLLBACK PREPARED ${quoteLiteral(name)}.`,
    'replication-slot': `Role "${role}" may not drop it. As a superuser: ALTER ROLE ${quoteIdentifier(role)} REPLICATION; or SELECT pg_drop_replication_slot(${quoteLiteral(name)}).`,
    subscription: `Role "${role}" may not drop it. As ${owner} or a superuser, in database "${database}": DROP SUBSCRIPTION ${quoteIdentifier(name)}.`,
  };
  return { kind: 'advice', text: text[kind] ?? '' };
}

function tellRemovable({ kind, name, database, detail, active }: BlockerRow): [string, Remedy] {
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
