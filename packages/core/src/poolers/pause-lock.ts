import type { Client } from 'pg';
import { type Deadline, pause } from '../contract/deadline.js';

/** An alias, and the database that it leads to. */
export interface Alias {
  readonly alias: string;
  readonly database: string;
}

/**
 * The key of an alias. The pooler is not part of it: two operations may reach it by different names, and waiting for an
 * operation that pauses an equal alias of another pooler costs only a moment.
 */
const key = `hashtextextended('pg_evict pooler ' || format('%L %L', $1::text, $2::text), 0)`;
const tryQuery = `SELECT pg_try_advisory_lock(${key}) AS locked`;
const unlockQuery = `SELECT pg_advisory_unlock(${key})`;

/** Advisory locks exclude each other within one database only; pg_locks shows those of the whole server. */
const elsewhereQuery = `
SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pid <> pg_backend_pid()
  AND ((classid::bigint << 32) | objid::bigint) = ${key}`;

/**
 * Waits until no other operation pauses one of the aliases, and prevents others from pausing them until they are
 * unlocked, or the session ends.
 *
 * @returns whether the locks were taken before the deadline
 */
export async function lockAliases(
  client: Client,
  aliases: readonly Alias[],
  deadline: Deadline,
): Promise<boolean> {
  while (!deadline.over) {
    const locked: Alias[] = [];
    for (const alias of aliases) {
      if (!(await tryLock(client, alias))) break;
      locked.push(alias);
    }
    if (locked.length === aliases.length) return true;
    await unlockAliases(client, locked);
    // So that two that wait for each other do not collide again and again.
    await pause(20 + Math.random() * 30);
  }
  return false;
}

/** Each takes its own lock before it looks for those in other maintenance databases, so that at least one sees the other. */
async function tryLock(client: Client, { alias, database }: Alias): Promise<boolean> {
  const values = [alias, database];
  const { rows } = await client.query<{ locked: boolean }>(tryQuery, values);
  if (rows[0]?.locked !== true) return false;
  if ((await client.query(elsewhereQuery, values)).rows.length === 0) return true;
  await client.query(unlockQuery, values);
  return false;
}

/** Whether an operation pauses an alias now, or is about to. Takes no lock. */
export async function isAliasLocked(client: Client, { alias, database }: Alias): Promise<boolean> {
  return (await client.query(elsewhereQuery, [alias, database])).rows.length > 0;
}

/** With a lost connection the locks are gone, too. */
export async function unlockAliases(client: Client, aliases: readonly Alias[]): Promise<void> {
  for (const { alias, database } of aliases)
    await client.query(unlockQuery, [alias, database]).catch(() => undefined);
}
