import type { Queryable } from '../connection/queryable.js';
import type { Blocker, BlockerKind } from '../contract/blocker.js';
import { quoteIdentifier, quoteLiteral } from '../text/quote.js';

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

/** What was found on some databases beside sessions. */
export interface FoundBlockers {
  readonly blockers: readonly Blocker[];
  /** Inactive replication slots: they block nothing, but DROP DATABASE deletes them without a word. */
  readonly inactiveSlots: readonly Blocker[];
}

/** Names what ending sessions does not remove. Needs no privilege. */
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

function toBlocker({ kind, name, database, detail, active }: BlockerRow): Blocker {
  const on = `database "${database}"`;
  const gid = quoteLiteral(name);
  switch (kind) {
    case 'prepared-transaction':
      return {
        kind,
        name,
        database,
        detail: `The prepared transaction ${gid} of "${detail ?? ''}" is open in ${on}.`,
        remedy: `In ${on}: ROLLBACK PREPARED ${gid}; or use --rollback-prepared.`,
      };
    case 'replication-slot':
      return active
        ? {
            kind,
            name,
            database,
            detail: `The replication slot "${name}" of ${on} is in use by process ${detail ?? '?'}.`,
            remedy: `Stop its consumer, then: SELECT pg_drop_replication_slot(${gid}); or use --drop-slots.`,
          }
        : {
            kind,
            name,
            database,
            detail: `The inactive replication slot "${name}" goes with ${on}; its consumer could not go on.`,
            remedy: `To keep it, leave the database as it is.`,
          };
    case 'subscription':
      return {
        kind,
        name,
        database,
        detail: `The subscription "${name}" lives in ${on}.`,
        remedy: `In ${on}: DROP SUBSCRIPTION ${quoteIdentifier(name)}; or use --drop-subscriptions.`,
      };
    case 'template':
      return {
        kind,
        name,
        database,
        detail: `Database "${database}" is marked as a template, which DROP DATABASE refuses.`,
        remedy: `ALTER DATABASE ${quoteIdentifier(database)} IS_TEMPLATE false; or use --unset-template.`,
      };
    case 'invalid-database':
      return {
        kind,
        name,
        database,
        detail: `Database "${database}" is invalid: a DROP DATABASE was interrupted half-way.`,
        remedy: `DROP DATABASE ${quoteIdentifier(database)};`,
      };
  }
}
