import { type DeadlineOptions, dropDatabase, type Target } from '@pg-evict/core';
import { quoteIdentifier } from '@pg-evict/core/internal';
import { sqlStateOf } from '@pg-evict/core/internal';
import { clearTimer, setTimer } from '../captured/clock.js';
import { MaintenanceSession } from '../session/maintenance-session.js';
import type { TestServer } from './test-server.js';

/** How long it takes to find the sessions in the way. */
const explainingMs = 2000;

/**
 * Drops a database of ours, regardless of sessions and other obstacles. Does nothing if there is none.
 *
 * @param timeoutMs how long another session may have the database locked
 * @throws {@link PgEvictError} the errors of core's `dropDatabase`
 */
export async function dropTestDatabase(
  control: MaintenanceSession,
  target: TestServer['target'],
  name: string,
  timeoutMs = control.timeoutMs ?? 30_000,
): Promise<void> {
  const drop = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`;
  const timer = setTimer(() => void cancel(target, drop).catch(() => undefined), timeoutMs);
  try {
    await control.query(drop);
  } catch (error) {
    if (sqlStateOf(error) === undefined) throw error;
    await dropTestDatabaseWithin(
      target,
      name,
      sqlStateOf(error) === '57014' ? { timeoutMs: explainingMs } : {},
    );
  } finally {
    clearTimer(timer);
  }
}

/**
 * Cancels the statement that our session on the maintenance database waits with: a lock_timeout of its own would apply
 * to all its locks.
 */
async function cancel(
  { connection, maintenanceDatabase }: TestServer['target'],
  statement: string,
): Promise<void> {
  const session = await MaintenanceSession.open(connection, maintenanceDatabase);
  try {
    await session.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND query = $1",
      [statement],
    );
  } finally {
    await session.close();
  }
}

/**
 * The same within a deadline, over connections of its own; a protected database stays.
 *
 * @throws {@link PgEvictError} the errors of core's `dropDatabase`
 */
export async function dropTestDatabaseWithin(
  target: Target,
  name: string,
  options: DeadlineOptions = {},
): Promise<void> {
  await dropDatabase(
    { ...target, database: name },
    {
      ...options,
      ifExists: true,
      rollbackPrepared: true,
      dropSlots: true,
      dropSubscriptions: true,
      unsetTemplate: true,
    },
  );
}
