import type { Client } from 'pg';
import type { Blocker } from './blocker.js';
import { quoteIdentifier, quoteLiteral } from './identifier.js';

/** What stands in the way of any operation, and what only of one that ends in DROP DATABASE. */
const blockersQuery = `
SELECT 'prepared-transaction' AS kind, gid AS name, database, owner AS extra, false AS drop_only
FROM pg_prepared_xacts WHERE database = ANY ($1::name[])
UNION ALL
SELECT 'replication-slot', slot_name, database, active_pid::text, true
FROM pg_replication_slots WHERE database = ANY ($1::name[]) AND active
UNION ALL
SELECT 'subscription', s.subname, d.datname, NULL, true
FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = ANY ($1::name[])
ORDER BY 1, 2`;

interface BlockerRow {
  readonly kind: 'prepared-transaction' | 'replication-slot' | 'subscription';
  readonly name: string;
  readonly database: string;
  readonly extra: string | null;
  readonly drop_only: boolean;
}

/**
 * Names what ending sessions does not remove. Readable by every role.
 *
 * @param dropping also what only DROP DATABASE stumbles over: active slots, subscriptions
 */
export async function findBlockers(
  client: Client,
  databases: readonly string[],
  dropping: boolean,
): Promise<Blocker[]> {
  const { rows } = await client.query<BlockerRow>(blockersQuery, [databases]);
  return rows.filter((row) => dropping || !row.drop_only).map(toBlocker);
}

function toBlocker({ kind, name, database, extra }: BlockerRow): Blocker {
  const on = `database "${database}"`;
  switch (kind) {
    case 'prepared-transaction':
      return {
        kind,
        name,
        detail: `The prepared transaction ${quoteLiteral(name)} of "${extra ?? ''}" is open in ${on}.`,
        remedy: `In ${on}: ROLLBACK PREPARED ${quoteLiteral(name)}; (or COMMIT PREPARED).`,
      };
    case 'replication-slot':
      return {
        kind,
        name,
        detail: `The replication slot "${name}" of ${on} is in use by process ${extra ?? '?'}.`,
        remedy: `Stop its consumer, then: SELECT pg_drop_replication_slot(${quoteLiteral(name)});`,
      };
    case 'subscription':
      return {
        kind,
        name,
        detail: `The subscription "${name}" lives in ${on}.`,
        remedy: `In ${on}: DROP SUBSCRIPTION ${quoteIdentifier(name)};`,
      };
  }
}
