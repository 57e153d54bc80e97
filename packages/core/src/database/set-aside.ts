import { createHash } from 'node:crypto';
import type { Queryable } from '../connection/queryable.js';
import { databaseNotFound, type PgEvictError } from '../contract/error.js';

/** Ties a private name to the database it was made for, even if that is renamed. */
export function privateTag(database: string): string {
  return createHash('sha256').update(database).digest('hex').slice(0, 10);
}

/** A database that an operation has renamed: the operation is about to drop it, or holds it exclusively. */
export interface SetAside {
  /** The private name that it has. */
  readonly name: string;
  readonly role: 'drop' | 'held';
  /** The backend that renamed it; `null` if that is gone. */
  readonly pid: number | null;
}

/** $1 the tag. Of text and text, so that no operator on the search path of a caller's client fits better. */
const setAsideQuery = `
SELECT d.datname::text AS name, p.part[1] AS role, a.pid, p.part[3] AS started,
  (extract(epoch FROM a.backend_start) * 1000000)::bigint::text AS "backendStarted"
FROM pg_database d
CROSS JOIN LATERAL (SELECT regexp_match(d.datname::text, '^pg_evict_(drop|held)_' || $1::text || '_([0-9]{1,9})_([0-9a-z]+)$') AS part) AS p
LEFT JOIN pg_stat_activity a ON a.pid = p.part[2]::int
WHERE p.part IS NOT NULL ORDER BY d.datname`;

/**
 * Finds a database under the private name that an operation has given it. Only used if there is none of its own name.
 */
export async function findSetAside(client: Queryable, database: string): Promise<SetAside | undefined> {
  const { rows } = await client.query(setAsideQuery, [privateTag(database)]);
  const [row] = rows as unknown as (SetAside & { started: string; backendStarted: string | null })[];
  if (row === undefined) return undefined;
  const { backendStarted, name, role, started } = row;
  const isMaker = backendStarted === null || BigInt(backendStarted).toString(36) === started;
  return { name, role, pid: isMaker ? row.pid : null };
}

/** The state of a renamed database, in a sentence. */
export function describeSetAside(database: string, { name, pid, role }: SetAside): string {
  const doing = role === 'drop' ? 'drop it' : 'hold it exclusively';
  return pid === null
    ? `Database "${database}" is called "${name}" now: an operation of pg-evict renamed it to ${doing}, and its connection is gone.`
    : `Database "${database}" is called "${name}" now: process ${pid}, an operation of pg-evict, renamed it to ${doing}.`;
}

/** The remedy for it. */
export const awaitSetAside =
  'Wait until it is over; if it was killed, the next operation on that database puts it in order.';

/** The error for a database that does not exist. */
export async function whyMissing(client: Queryable, database: string): Promise<PgEvictError> {
  return missingDatabase(database, await findSetAside(client, database));
}

/** Likewise, if the caller already knows whether an operation has renamed the database. */
export function missingDatabase(database: string, setAside: SetAside | undefined): PgEvictError {
  return setAside === undefined
    ? databaseNotFound(database)
    : databaseNotFound(
        database,
        { kind: 'advice', text: awaitSetAside },
        describeSetAside(database, setAside),
      );
}
