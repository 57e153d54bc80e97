import type { UndoOptions } from '../contract/options.js';
import type { DatabaseFacts } from '../database/facts.js';
import { isInvalid } from '../database/facts.js';
import { commandOf } from '../contract/command.js';
import type { Operation } from '../eviction/operation.js';

/** Whether the content of a database will be kept. */
export interface KeepPlan {
  /** The operation, as the command calls it. */
  readonly by: string;
  /** For how long, in seconds; `undefined` where nothing is kept. */
  readonly forSeconds: number | undefined;
  readonly sizeBytes: number | null;
  /** Why nothing is kept, though it was asked for. */
  readonly notKept: string | null;
}

/** $1 the oid. Each of these is readable by every role, but for the size. */
const stateQuery = `
SELECT CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
    THEN pg_database_size(oid)::float8 END AS size,
  EXISTS (SELECT FROM pg_replication_slots s WHERE s.database = datname) AS slots,
  EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.database = datname) AS prepared,
  EXISTS (SELECT FROM pg_subscription b WHERE b.subdbid = d.oid) AS subscriptions
FROM pg_database d WHERE oid = $1`;

interface State {
  readonly size: number | null;
  readonly slots: boolean;
  readonly prepared: boolean;
  readonly subscriptions: boolean;
}

/**
 * Finds out whether the content of a database can be kept, and how large it is. One query, where it is asked for.
 *
 * @param facts the database; `undefined` where there is none, so that nothing is lost
 */
export async function planKeeping(
  { command, control }: Operation,
  facts: DatabaseFacts | undefined,
  options: UndoOptions,
): Promise<KeepPlan> {
  const { undoMs, undoUpToBytes } = options;
  const by = commandOf(options) ?? command;
  const nothing = { by, forSeconds: undefined, sizeBytes: null, notKept: null };
  if (undoMs === undefined || facts === undefined) return nothing;
  const { rows } = await control.client.query<State>(stateQuery, [facts.oid]);
  const [state] = rows;
  if (state === undefined) return nothing;
  const notKept = reasonAgainst(facts, state, undoUpToBytes);
  return {
    by,
    forSeconds: notKept === null ? Math.ceil(undoMs / 1000) : undefined,
    sizeBytes: state.size,
    notKept,
  };
}

/** The size of a database in bytes; `null` where the role may not ask for it. */
export async function sizeOf({ control }: Operation, { oid }: DatabaseFacts): Promise<number | null> {
  const { rows } = await control.client.query<State>(stateQuery, [oid]);
  return rows[0]?.size ?? null;
}

function reasonAgainst(facts: DatabaseFacts, state: State, upToBytes: number | undefined): string | null {
  if (isInvalid(facts)) return 'a DROP DATABASE of it was interrupted, so it can only be dropped';
  if (state.slots) return 'it has replication slots, which would hold back WAL of the whole server';
  if (state.prepared) return 'it has prepared transactions';
  if (state.subscriptions) return 'it has subscriptions, which would go on';
  if (upToBytes === undefined) return null;
  if (state.size === null) return 'the role may not ask for its size, and the size is limited';
  return state.size > upToBytes ? `it is larger than ${upToBytes} bytes` : null;
}
