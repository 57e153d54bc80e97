import { commandOf } from '../contract/command.js';
import type { UndoOptions } from '../contract/options.js';
import type { DatabaseFacts } from '../database/facts.js';
import { isInvalid } from '../database/facts.js';
import type { Operation } from '../eviction/operation.js';
import type { KeptNote } from './kept-comment.js';

/** Whether the content of a database will be kept. */
export interface KeepPlan {
  /** The operation, by the name of its command. */
  readonly by: string;
  /** For how long, in seconds; `undefined` if nothing is kept. */
  readonly forSeconds: number | undefined;
  readonly sizeBytes: number | null;
  /** Why nothing is kept, though it was asked for. */
  readonly notKept: string | null;
  /** The owner of the database. */
  readonly owner: string | undefined;
  /** The database at the time of the look; `undefined` if nothing is kept. */
  readonly seen: Seen | undefined;
}

/** Objects that belong to a database and would stay active without it. */
interface Attachments {
  readonly slots: boolean;
  readonly prepared: boolean;
  readonly subscriptions: boolean;
}

/** Facts that may change until a database is put aside. */
export interface Seen extends Attachments, Pick<KeptNote, 'at' | 'connections' | 'comment'> {}

/** {@link Seen} of `pg_database d`. Readable by every role. */
const seenSql = `extract(epoch FROM clock_timestamp())::float8 AS at, datallowconn AS connections,
  shobj_description(oid, 'pg_database') AS comment,
  EXISTS (SELECT FROM pg_replication_slots s WHERE s.database = d.datname) AS slots,
  EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.database = d.datname) AS prepared,
  EXISTS (SELECT FROM pg_subscription b WHERE b.subdbid = d.oid) AS subscriptions`;

/** $1 the database. */
const seenQuery = `SELECT ${seenSql} FROM pg_database d WHERE datname = $1`;

/** $1 the oid, $2 the limit. */
const stateQuery = `
SELECT state.*, pg_size_pretty(size::bigint) AS "sizeText", pg_size_pretty($2::bigint) AS "limitText"
FROM (SELECT CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
    THEN pg_database_size(oid)::float8 END AS size, ${seenSql}
  FROM pg_database d WHERE oid = $1) state`;

interface State extends Seen {
  readonly size: number | null;
  readonly sizeText: string | null;
  readonly limitText: string | null;
}

/**
 * Determines whether the content of a database can be kept, and how large it is. One query, if an undo was requested.
 *
 * @param facts the database; `undefined` if there is none, so that nothing is lost
 */
export async function planKeeping(
  { command, control }: Operation,
  facts: DatabaseFacts | undefined,
  options: UndoOptions,
): Promise<KeepPlan> {
  const { undoMs, undoUpToBytes } = options;
  const by = commandOf(options) ?? command;
  const nothing = {
    by,
    forSeconds: undefined,
    sizeBytes: null,
    notKept: null,
    owner: facts?.owner,
    seen: undefined,
  };
  if (undoMs === undefined || facts === undefined) return nothing;
  const limit = undoUpToBytes === undefined ? null : Math.floor(undoUpToBytes);
  const { rows } = await control.client.query<State & Record<string, unknown>>(stateQuery, [
    facts.oid,
    limit,
  ]);
  const [state] = rows;
  if (state === undefined) return nothing;
  const notKept = reasonAgainst(facts, state, undoUpToBytes);
  const lasting = notKept === null ? { forSeconds: Math.ceil(undoMs / 1000), seen: state } : {};
  return { ...nothing, ...lasting, sizeBytes: state.size, notKept };
}

/**
 * Looks at the database again, because much time may have passed and slots may have been created. One query.
 *
 * @returns the plan, without `seen` if there is no such database any more
 */
export async function planAgain({ control, database }: Operation, plan: KeepPlan): Promise<KeepPlan> {
  if (plan.forSeconds === undefined) return plan;
  const { rows } = await control.client.query<Seen & Record<string, unknown>>(seenQuery, [database]);
  return { ...plan, seen: rows[0] };
}

/** The size of a database in bytes; `null` if the role may not query it. */
export async function sizeOf({ control }: Operation, { oid }: DatabaseFacts): Promise<number | null> {
  const { rows } = await control.client.query<State & Record<string, unknown>>(stateQuery, [oid, null]);
  return rows[0]?.size ?? null;
}

function reasonAgainst(facts: DatabaseFacts, state: State, upToBytes: number | undefined): string | null {
  if (isInvalid(facts)) return 'a DROP DATABASE of it was interrupted, so it can only be dropped';
  const attached = reasonAgainstAttached(state);
  if (attached !== null) return attached;
  // Settings that could not be read could not be restored exactly.
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
