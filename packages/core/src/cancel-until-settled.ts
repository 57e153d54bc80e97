import { connect, disconnect } from './connect.js';
import { Deadline, pause } from './deadline.js';
import type { Operation } from './operation.js';
import { PgEvictError } from './pg-evict-error.js';
import { watch } from './watch.js';

/** How long to wait for a statement to end after it was told to; every server answers a cancel within a nap. */
const cancelPatienceMs = 15_000;

/**
 * Cancels what the runner does, or another backend of the operation, and waits until it has ended, one way or the other.
 * If the control connection is lost, another is opened for it.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED` if the server cannot be asked any more
 */
export async function cancelUntilSettled(
  operation: Operation,
  running: Promise<unknown>,
  pid = operation.runner.pid,
): Promise<void> {
  const patience = new Deadline({ timeoutMs: cancelPatienceMs });
  const statement = watch(running);
  let { client } = operation.control;
  let spare: typeof client | undefined;
  try {
    while (!statement.settled && !patience.over) {
      try {
        await client.query('SELECT pg_cancel_backend($1)', [pid]);
      } catch (error) {
        if (spare !== undefined) throw unknownState(operation, pid, error);
        try {
          spare = (await connect(operation.settings, operation.maintenanceDatabase, patience)).client;
        } catch (cause) {
          throw unknownState(operation, pid, cause);
        }
        client = spare;
        continue;
      }
      await pause(50, running);
    }
  } finally {
    if (spare !== undefined) await disconnect(spare);
  }
  if (!statement.settled) throw unknownState(operation, pid, undefined);
}

function unknownState(operation: Operation, pid: number, cause: unknown): PgEvictError {
  return new PgEvictError(
    'CONNECTION_FAILED',
    `Lost the server while working on database "${operation.database}"; backend ${pid} may still be at it.`,
    {
      database: operation.database,
      hint: 'List the databases before trying again.',
      terminated: [...operation.terminated.values()],
      cause,
    },
  );
}
