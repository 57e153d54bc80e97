import type { Client } from 'pg';
import { pause } from '../contract/deadline.js';
import type { Leftover } from '../contract/report.js';
import type { Operation } from '../eviction/operation.js';
import { leaseLockKey, leaseLockTaken } from './lease-lock.js';
import { dropAbandoned } from './drop-private-databases.js';
import { findAbandonedDatabases, type PrivateRole } from './private-databases.js';
import { standsInFor } from '../guards/placeholder.js';
import { release } from './release.js';

/** How long a holder whose backend is gone may take to show that it is alive: it reconnects as soon as it notices. */
const returnMs = 1000;

/**
 * Repairs what operations on this database left because their process died: a database held exclusively gets its name
 * back, then databases that were set aside are dropped. Returns whether there was anything to repair, and what could
 * not be repaired.
 */
export async function recoverAbandoned(operation: Operation): Promise<{ found: boolean; left: Leftover[] }> {
  const abandoned = await findAbandonedDatabases(operation.runner.client, operation.database);
  const named = (wanted: PrivateRole): string[] =>
    abandoned.filter(({ role }) => role === wanted).map(({ name }) => name);
  // A replaced database, or one that was to be dropped, is not needed, even if its operation still lives.
  const replaced = [...named('old'), ...named('drop')];
  const found = [...replaced];
  const left: Leftover[] = [];
  const claimed = async (name: string, recover: () => Promise<readonly Leftover[]>): Promise<void> => {
    try {
      await withClaim(operation, name, async () => {
        found.push(name);
        left.push(...(await recover()));
      });
    } catch (error) {
      left.push({ database: name, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  for (const name of [...named('held'), ...(await findOrphaned(operation))])
    await claimed(name, async () => (await release(operation, name)).leftovers ?? []);
  // An operation may still be filling it, and be about to say that it lives.
  for (const name of named('new')) await claimed(name, async () => dropAbandoned(operation, [name]));
  left.push(...(await dropAbandoned(operation, replaced)));
  return { found: found.length > 0, left };
}

/**
 * $1 the database: the private name that its placeholder stands in for, and whether the backend that made it exists.
 */
const placeholderQuery = `
SELECT shobj_description(d.oid, 'pg_database') AS comment, a.pid IS NOT NULL AS listed,
  (extract(epoch FROM a.backend_start) * 1000000)::bigint::text AS "backendStarted"
FROM pg_database d LEFT JOIN pg_stat_activity a ON a.pid = substring(
  shobj_description(d.oid, 'pg_database') from 'pg_evict_held_[0-9a-f]{10}_([0-9]{1,9})_')::int
WHERE d.datname = $1 AND pg_has_role(d.datdba, 'USAGE')`;

/**
 * The private name that a placeholder stands in for, if that database does not exist any more and its holder is gone:
 * the command that held it has dropped it.
 */
async function findOrphaned({ database, runner }: Operation): Promise<string[]> {
  const { rows } = await runner.client.query<{
    comment: string | null;
    listed: boolean;
    backendStarted: string | null;
  }>(placeholderQuery, [database]);
  const [row] = rows;
  const held = standsInFor(row?.comment ?? null);
  if (row === undefined || held === undefined) return [];
  const started = /_([0-9a-z]+)$/.exec(held)?.[1];
  const lives =
    row.listed && (row.backendStarted === null || BigInt(row.backendStarted).toString(36) === started);
  const exists = await runner.client.query('SELECT FROM pg_database WHERE datname = $1', [held]);
  return lives || exists.rows.length > 0 ? [] : [held];
}

/** $1 the private name. */
const claimQuery = `SELECT pg_try_advisory_lock(${leaseLockKey('$1::text', 'recoverer')}) AS claimed`;
const unclaimQuery = `SELECT pg_advisory_unlock(${leaseLockKey('$1::text', 'recoverer')})`;
const stateQuery = `
SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1
  OR strpos(shobj_description(oid, 'pg_database'), ' placeholder of ' || $1 || ']') > 0) AS held, ${leaseLockTaken('$1::text', 'holder')} AS alive`;

/**
 * Calls `callback` if no other operation repairs the database meanwhile and its holder does not come back. Both sides
 * first take their own lock and then look for the other's, so at least one of them sees the other.
 */
async function withClaim(operation: Operation, name: string, callback: () => Promise<void>): Promise<void> {
  const { client } = operation.runner;
  if (!(await claim(operation, name))) {
    throw new Error(`another operation has been repairing it for ${claimMs} ms`);
  }
  try {
    if (await isAbandoned(operation, name)) await callback();
  } finally {
    // With a lost connection the lock is gone, too.
    await client.query(unclaimQuery, [name]).catch(() => undefined);
  }
}

/**
 * How long another operation may take to repair it. There is a limit because any session can hold the lock that says
 * so.
 */
const claimMs = 10_000;

/** Waits while another operation repairs it. */
async function claim({ deadline, runner }: Operation, name: string): Promise<boolean> {
  const endsAt = performance.now() + claimMs;
  for (;;) {
    const { rows } = await runner.client.query<{ claimed: boolean }>(claimQuery, [name]);
    if (rows[0]?.claimed === true) return true;
    if (deadline.over || performance.now() >= endsAt) return false;
    if (!(await look(runner.client, name)).held) return true;
    await pause(20);
  }
}

async function isAbandoned({ deadline, runner }: Operation, name: string): Promise<boolean> {
  const endsAt = performance.now() + returnMs;
  for (;;) {
    const { alive, held } = await look(runner.client, name);
    if (alive || !held || deadline.over) return false;
    if (performance.now() >= endsAt) return true;
    await pause(50);
  }
}

async function look(client: Client, name: string): Promise<{ held: boolean; alive: boolean }> {
  const { rows } = await client.query<{ held: boolean; alive: boolean }>(stateQuery, [name]);
  return rows[0] as (typeof rows)[0];
}
