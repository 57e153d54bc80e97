import type { Client } from 'pg';
import { privateTag } from '../database/set-aside.js';
import type { Operation } from '../eviction/operation.js';
import { standsInFor } from '../guards/placeholder.js';
import { leaseLockTaken } from './lease-lock.js';

/**
 * The state of a database under a private name: a successor not yet swapped in, a predecessor swapped out, one that is
 * being dropped, or one that is held exclusively. The first three hold nothing that is needed; the last holds the data.
 */
export type PrivateRole = 'new' | 'old' | 'drop' | 'held';

/** Whether a database has a name that an operation has given it. */
export function isPrivateName(name: string): boolean {
  return /^pg_evict_(?:new|old|drop|held)_[0-9a-f]{10}_/.test(name);
}

/** A database whose maker died before it could swap it in or drop it. */
export interface AbandonedDatabase {
  readonly name: string;
  readonly role: PrivateRole;
  /** Ties it to the database it was made for: {@link privateTag}. */
  readonly tag: string;
}

/**
 * A name for a database that only this operation knows. It carries the runner's pid and the start of its backend, which
 * show whether its maker still lives. It is at most 52 bytes long.
 */
export function privateName({ database, runner }: Operation, role: PrivateRole): string {
  return `pg_evict_${role}_${privateTag(database)}_${runner.pid}_${BigInt(runner.started).toString(36)}`;
}

/**
 * Whether there are private databases at all. They are rare, and finding out their owners and makers costs several
 * times as much. Content kept for an undo, and test databases, have other names.
 */
const privateQuery = `SELECT FROM pg_database WHERE datname ~ '^pg_evict_(new|old|drop|held)_' LIMIT 1`;

/**
 * Private databases whose maker is gone: no backend with its pid and start exists, and no session holds the lock that
 * shows that the holder lives. If the start is hidden from the role, any backend with that pid counts as the maker.
 */
const abandonedQuery = `
WITH p AS (
  SELECT datname, datdba::bigint::float8 AS owner, pg_get_userbyid(datdba) = current_user AS mine,
    EXISTS (SELECT FROM pg_stat_activity WHERE datid = d.oid) AS used, regexp_match(datname, '^pg_evict_(new|old|drop|held)_([0-9a-f]{10})_([0-9]{1,9})_([0-9a-z]+)$') AS part
  FROM pg_database d WHERE pg_has_role(datdba, 'USAGE') AND datname LIKE 'pg\\_evict\\_%')
SELECT p.datname AS name, p.owner, p.mine, p.used, part[1] AS role, part[2] AS tag, part[4] AS started, a.pid IS NOT NULL AS listed,
  (extract(epoch FROM a.backend_start) * 1000000)::bigint::text AS "backendStarted"
FROM p LEFT JOIN pg_stat_activity a ON a.pid = part[3]::int
WHERE part IS NOT NULL AND NOT ${leaseLockTaken('p.datname::text', 'holder')} ORDER BY p.datname`;

/** The databases that private ones may have been made for. */
const namedQuery = `
SELECT datname AS name, datdba::bigint::float8 AS owner, shobj_description(oid, 'pg_database') AS comment FROM pg_database`;

/** A database by its name, with its owner and comment. */
interface NamedDatabase {
  readonly name: string;
  readonly owner: number;
  readonly comment: string | null;
}

type AbandonedRow = AbandonedDatabase & {
  readonly owner: number;
  readonly mine: boolean;
  readonly used: boolean;
  readonly started: string;
  readonly listed: boolean;
  readonly backendStarted: string | null;
};

/**
 * Whether an operation of ours may have made it. Every role that may create databases can give one such a name, to make
 * us wait for its sessions or to have us swap it in for one of ours. Ours belong to our role or to the owner of the
 * database they were made for; one that is held is named by its placeholder. For a database that was being dropped,
 * nothing else shows its owner: any role that may drop it does, unless a session is on it.
 */
function isTrusted(
  { mine, name, owner, role, tag, used }: AbandonedRow,
  all: readonly NamedDatabase[],
): boolean {
  const madeFor = all.filter((database) => privateTag(database.name) === tag);
  return (
    mine ||
    (role === 'drop' && madeFor.length === 0 && !used) ||
    madeFor.some(
      (database) => database.owner === owner || (role === 'held' && standsInFor(database.comment) === name),
    )
  );
}

/**
 * Finds the databases that died operations left aside, on the whole server or for one database. Only those whose
 * owner's privileges the role has, and that it, or an operation for the same owner, would have made.
 */
export async function findAbandonedDatabases(
  client: Client,
  database?: string,
): Promise<AbandonedDatabase[]> {
  if ((await client.query(privateQuery)).rows.length === 0) return [];
  const { rows } = await client.query<AbandonedRow>(abandonedQuery);
  const named = await client.query<NamedDatabase & Record<string, unknown>>(namedQuery);
  const tag = database === undefined ? undefined : privateTag(database);
  return rows
    .filter(
      ({ listed, started, backendStarted }) =>
        !listed || (backendStarted !== null && BigInt(backendStarted).toString(36) !== started),
    )
    .filter((row) => (tag === undefined || row.tag === tag) && isTrusted(row, named.rows))
    .map((row) => ({ name: row.name, role: row.role, tag: row.tag }));
}
