import { commandOf } from '../contract/command.js';
import type { UndoOptions } from '../contract/options.js';
import type { DatabaseFacts } from '../database/facts.js';
import { isInvalid } from '../database/facts.js';
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
  /** Whose the database is. */
  readonly owner: string | undefined;
}

/** What belongs to a database and would go on without it; of `pg_database d`. Readable by every role. */
export const attachmentsSql = `EXISTS (SELECT FROM pg_replication_slots s WHERE s.database = d.datname) AS slots,
  EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.database = d.datname) AS prepared,
  EXISTS (SELECT FROM pg_subscription b WHERE b.subdbid = d.oid) AS subscriptions`;

/** {@link attachmentsSql} */
export interface Attachments {
  readonly slots: boolean;
  readonly prepared: boolean;
  readonly subscriptions: boolean;
}

/** $1 the oid, $2 the limit. */
const stateQuery = `
SELECT size, pg_size_pretty(size::bigint) AS "sizeText", pg_size_pretty($2::bigint) AS "limitText", slots, prepared, subscriptions
FROM (SELECT CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
    THEN pg_database_size(oid)::float8 END AS size, ${attachmentsSql}
  FROM pg_database d WHERE oid = $1) state`;

interface State extends Attachments {
  readonly size: number | null;
  readonly sizeText: string | null;
  readonly limitText: string | null;
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
  const nothing = { by, forSeconds: undefined, sizeBytes: null, notKept: null, owner: facts?.owner };
  if (undoMs === undefined || facts === undefined) return nothing;
  const limit = undoUpToBytes === undefined ? null : Math.floor(undoUpToBytes);
  const { rows } = await control.client.query<State & Record<string, unknown>>(stateQuery, [
    facts.oid,
    limit,
  ]);
  const [state] = rows;
  if (state === undefined) return nothing;
  const notKept = reasonAgainst(facts, state, undoUpToBytes);
  return {
    ...nothing,
    forSeconds: notKept === null ? Math.ceil(undoMs / 1000) : undefined,
    sizeBytes: state.size,
    notKept,
  };
}

/** The size of a database in bytes; `null` where the role may not ask for it. */
export async function sizeOf({ control }: Operation, { oid }: DatabaseFacts): Promise<number | null> {
  const { rows } = await control.client.query<State & Record<string, unknown>>(stateQuery, [oid, null]);
  return rows[0]?.size ?? null;
}

function reasonAgainst(facts: DatabaseFacts, state: State, upToBytes: number | undefined): string | null {
  if (isInvalid(facts)) return 'a DROP DATABASE of it was interrupted, so it can only be dropped';
  const attached = reasonAgainstAttached(state);
  if (attached !== null) return attached;
  // What could not be read would not come back as it was.
  if (facts.comment?.includes('\uFFFD') === true) return 'its comment is not in UTF-8';
  if (upToBytes === undefined) return null;
  if (state.size === null) return 'the role may not ask for its size, and the size is limited';
  return state.size > upToBytes
    ? `it is larger (${state.sizeText ?? ''}) than the limit of ${state.limitText ?? ''}`
    : null;
}

/** Why a database with these is not kept; `null` if it has none. */
export function reasonAgainstAttached({ slots, prepared, subscriptions }: Attachments): string | null {
  if (slots) return 'it has replication slots, which would hold back WAL of the whole server';
  if (prepared) return 'it has prepared transactions';
  return subscriptions ? 'it has subscriptions, which would go on' : null;
}
