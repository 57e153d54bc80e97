import { pause } from './deadline.js';
import type { Operation } from './operation.js';
import { againMs, tellUntil } from './tell-until.js';
import { watch } from './watch.js';

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
  const statement = watch(running);
  await tellUntil(operation, pid, async (client) => {
    if (statement.settled) return true;
    await client.query('SELECT pg_cancel_backend($1)', [pid]);
    await pause(againMs, running);
    return statement.settled;
  });
}
