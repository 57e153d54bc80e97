import { pause, stateOf } from '../contract/deadline.js';
import type { Leftover } from '../contract/report.js';
import { sqlStateOf } from '../contract/server-error.js';
import type { Operation } from '../eviction/operation.js';
import { cancelUntilSettled } from '../eviction/stop-statement.js';
import { quoteIdentifier } from '../text/quote.js';

/** PostgreSQL's message for DROP DATABASE of a template. */
const wrongObjectType = '42809';

/** How long dropping a private database may take before the reason is looked up; usually it takes milliseconds. */
const tidyMs = 1000;

/** After how long a process that has not answered hangs: one that writes to a slow disk may take seconds. */
const hangsAfterMs = 10_000;

/**
 * Drops leftovers that are not needed any more. Does not wait for sessions on them, nor for operations that work with
 * them, and drops nothing more once the time is up.
 */
export async function dropAbandoned(operation: Operation, names: readonly string[]): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const database of names) {
    if (operation.deadline.over) leftovers.push({ database, reason: 'there was no time left to drop it' });
    else leftovers.push(...(await dropUnlessInUse(operation, database)));
  }
  return leftovers;
}

/**
 * $1 the database, $2 the runner's pid. Autovacuum workers have no role, and DROP DATABASE terminates them. The locks
 * of sessions that are just connecting are not counted: a moment later they are listed, or gone.
 */
const usersQuery = `
SELECT pid FROM pg_stat_activity WHERE datname = $1 AND usesysid IS NOT NULL
UNION
SELECT pid FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND granted AND pid <> $2
  AND mode <> 'RowExclusiveLock' AND objid = (SELECT oid FROM pg_database WHERE datname = $1)`;

/** How long a drop may take before the session that it waits for is looked up. */
const unhinderedMs = 50;

/**
 * If a session uses the database, the drop waits for it and is cancelled. That is rare, so sessions are looked up
 * afterwards.
 */
async function dropUnlessInUse(operation: Operation, database: string): Promise<Leftover[]> {
  const { control, runner } = operation;
  const dropping = dropPrivateDatabases(operation, [database]);
  const state = stateOf(dropping);
  await pause(unhinderedMs, dropping);
  if (state.settled) return dropping;
  // If this query fails, the drop has its own limits.
  const users = await control.client
    .query<{ pid: number }>(usersQuery, [database, runner.pid])
    .then(({ rows }) => rows.map(({ pid }) => pid).join(', '))
    .catch(() => '');
  if (users === '') return dropping;
  // If the server cannot be queried any more, the drop fails by itself.
  await cancelUntilSettled(operation, dropping).catch(() => undefined);
  const reason = `sessions are connected to it or work with it (${users})`;
  return (await dropping).map((left) => ({ ...left, reason }));
}

/**
 * Drops databases that only pg-evict knows. Normally no session is on them. If one is, the database stays for the next
 * operation to clean up, and is returned with the reason. A template flag carried over to one is removed.
 */
export async function dropPrivateDatabases(
  operation: Operation,
  names: readonly string[],
): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const database of names) {
    try {
      await dropPrivateDatabase(operation, database);
    } catch (error) {
      leftovers.push({ database, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return leftovers;
}

async function dropPrivateDatabase(operation: Operation, name: string): Promise<void> {
  const drop = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`;
  try {
    await runUnlessItHangs(operation, drop);
  } catch (error) {
    if (sqlStateOf(error) !== wrongObjectType) throw error;
    await operation.runner.client.query(`ALTER DATABASE ${quoteIdentifier(name)} IS_TEMPLATE false`);
    await runUnlessItHangs(operation, drop);
  }
}

/**
 * Since 15, DROP DATABASE waits without limit until every process of the server has answered, even if one is stopped or
 * hangs. The drop is then cancelled, and also if it still runs some time after the deadline: the database is then half
 * dropped, and is not needed any more.
 */
async function runUnlessItHangs(operation: Operation, sql: string): Promise<void> {
  const { runner, control, deadline } = operation;
  const running = runner.run(sql);
  const statement = stateOf(running);
  const beganAt = performance.now();
  /** Since when it waits for a process. Before that it may wait for a checkpoint, which takes as long as it takes. */
  let hangsSince: number | undefined;
  await pause(deadline.over ? tidyMs / 2 : tidyMs, running);
  while (!statement.settled) {
    // If this cannot be determined, the drop is not left running.
    const hangs = await control.client
      .query(`SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'ProcSignalBarrier'`, [runner.pid])
      .then(
        ({ rows }) => rows.length > 0,
        () => true,
      );
    const now = performance.now();
    hangsSince = hangs ? (hangsSince ?? now) : undefined;
    const hangsMs = hangsSince === undefined ? 0 : now - hangsSince;
    if (hangsMs > hangsAfterMs || (deadline.over && now - beganAt > tidyMs)) {
      await cancelUntilSettled(operation, running);
    } else await pause(100, running);
  }
  await running;
}
