import type { Connection } from '../connection/connect.js';
import { type Deadline, pause, stateOf } from '../contract/deadline.js';
import { blockedError } from '../contract/error.js';
import { findLockHolders } from '../blockers/find-lock-holders.js';
import type { Operation } from './operation.js';
import { cancelUntilSettled, type Stoppable } from './stop-statement.js';

/** How often an abort by the caller is checked for. */
const lookMs = 50;

/**
 * Runs a statement that may have to wait for another session's lock, and cancels it at the deadline: it never runs on
 * unnoticed.
 *
 * @throws {@link PgEvictError} `BLOCKED` if the statement waited for another session's lock at the deadline, `TIMEOUT`,
 * `ABORTED`; a server error is thrown as the driver's error
 */
export async function runWithinDeadline(
  operation: Stoppable & Pick<Operation, 'failure'>,
  connection: Connection,
  sql: string,
): Promise<void> {
  const { control, database, deadline, failure } = operation;
  deadline.throwIfOver(database, `${failure}.`);
  const { pid } = connection;
  const running = connection.run(sql);
  const statement = stateOf(running);
  while (!statement.settled && !deadline.over) await pause(Math.min(lookMs, deadline.remainingMs), running);
  if (statement.settled) {
    await running;
    return;
  }
  const { rows } = await control.client.query<{ pids: number[] }>('SELECT pg_blocking_pids($1) AS pids', [
    pid,
  ]);
  const blockers = await findLockHolders(control.client, database, rows[0]?.pids ?? [], pid);
  await cancelUntilSettled(operation, running, pid);
  try {
    await running;
  } catch (cause) {
    if (blockers.length === 0 || deadline.aborted) throw deadline.error(database, `${failure}.`, { cause });
    throw blockedError('BLOCKED', `${failure}:`, blockers, { cause, database });
  }
}

/** The longest lock_timeout (`INT_MAX`, src/backend/utils/misc/guc_tables.c). */
const maxSettingMs = 2 ** 31 - 1;

/** Limits the wait for locks on a connection, in case this process dies: the deadline itself is enforced by us. */
export async function boundLockWait({ client }: Connection, deadline: Deadline): Promise<void> {
  const ms = Math.min(Math.ceil(deadline.remainingMs) + 1000, maxSettingMs);
  await client.query(`SET lock_timeout = ${ms}`);
}
