import type { Client } from 'pg';
import { connect } from '../connection/connect.js';
import { disconnect, giveUp } from '../connection/silence.js';
import { Deadline, pause, stateOf } from '../contract/deadline.js';
import { PgEvictError } from '../contract/error.js';
import { halfDropped } from '../database/facts.js';
import type { Operation } from './operation.js';

/** How long to wait for a statement to end after it was cancelled, if the server answers that it still runs. */
const patienceMs = 60_000;

/** How long another connection may take when the time is up. */
const spareMs = 900;

/** How long to wait before a backend is signalled again. */
const againMs = 50;

/** An operation, as far as its statements are stopped. */
export type Stoppable = Pick<
  Operation,
  'control' | 'database' | 'deadline' | 'maintenanceDatabase' | 'runner' | 'settings'
>;

/**
 * Calls `tell`, which signals a backend, until it returns that the backend is done; over another connection if the
 * control connection is lost.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED` if the server cannot be queried any more
 */
async function repeatUntilDone(
  operation: Stoppable,
  pid: number,
  tell: (client: Client) => Promise<boolean>,
): Promise<void> {
  const patience = new Deadline({ timeoutMs: patienceMs });
  const unknown = (cause?: unknown): PgEvictError =>
    connectionLost(
      operation,
      `Lost the server while working on database "${operation.database}"; backend ${pid} may still be running the statement.`,
      cause,
    );
  let { client } = operation.control;
  let spare: typeof client | undefined;
  try {
    while (!patience.over) {
      try {
        if (await tell(client)) return;
      } catch (error) {
        // If the network is silent, another connection would be waited for in vain.
        if (spare !== undefined || operation.deadline.silent) throw unknown(error);
        try {
          const { over, remainingMs } = operation.deadline;
          const attempt = new Deadline({ timeoutMs: (over ? 0 : remainingMs) + spareMs });
          spare = (await connect(operation.settings, operation.maintenanceDatabase, attempt)).client;
        } catch (cause) {
          throw unknown(cause);
        }
        client = spare;
      }
    }
  } finally {
    if (spare !== undefined) await disconnect(spare);
  }
  throw unknown();
}

/** The error for an operation with an unknown outcome. */
function connectionLost({ database }: Stoppable, message: string, cause: unknown): PgEvictError {
  return new PgEvictError('CONNECTION_FAILED', message, {
    database,
    hint: 'List the databases before trying again.',
    cause,
  });
}

/**
 * Cancels the statement of the runner, or of another backend of the operation, and waits until it has succeeded or
 * failed. If the control connection is lost, another is opened for it.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED` if the server cannot be queried any more
 */
export async function cancelUntilSettled(
  operation: Stoppable,
  running: Promise<unknown>,
  pid = operation.runner.pid,
): Promise<void> {
  const statement = stateOf(running);
  try {
    await repeatUntilDone(operation, pid, async (client) => {
      if (statement.settled) return true;
      await client.query('SELECT pg_cancel_backend($1)', [pid]);
      await pause(againMs, running);
      return statement.settled;
    });
  } catch (error) {
    // Its caller no longer waits for it.
    giveUp(operation.runner.client);
    throw error;
  }
}

/** $1 pid, $2 start of the backend, in microseconds since 1970: both identify our backend. */
const endQuery = `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1 AND (extract(epoch FROM backend_start) * 1000000)::bigint::text = $2`;

/**
 * Terminates the runner's backend after our connection to it was lost: a server that is executing a statement does not
 * notice that, and goes on. Waits until the backend is gone.
 *
 * @param databases those that the statement was about
 * @param cause the error of the lost connection
 * @returns the error to throw: the outcome of the statement is unknown
 * @throws {@link PgEvictError} `CONNECTION_FAILED` if the server cannot be queried any more
 */
export async function endLostRunner(
  operation: Operation,
  databases: readonly string[],
  cause: unknown,
): Promise<PgEvictError> {
  const { pid, started } = operation.runner;
  let state = '';
  await repeatUntilDone(operation, pid, async (client) => {
    const { rows } = await client.query(endQuery, [pid, started]);
    if (rows.length === 0) state = await halfDropped(client, databases);
    else await pause(againMs);
    return rows.length === 0;
  });
  const reason = cause instanceof Error ? cause.message : String(cause);
  return connectionLost(
    operation,
    `The connection was lost while working on database "${operation.database}": ${reason}. The statement has stopped; whether it completed is unknown.${state}`,
    cause,
  );
}
