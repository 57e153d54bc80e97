import { pause } from './deadline.js';
import { halfDropped } from './half-dropped.js';
import type { Operation } from './operation.js';
import type { PgEvictError } from './pg-evict-error.js';
import { againMs, connectionLost, tellUntil } from './tell-until.js';

/** $1 pid, $2 start of the backend, in microseconds since 1970: none but ours. */
const endQuery = `
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1 AND (extract(epoch FROM backend_start) * 1000000)::bigint::text = $2`;

/**
 * Ends the runner's backend after our connection to it was lost: the server does not notice that while it is at work, and
 * goes on. Waits until it is gone.
 *
 * @param databases those that the statement was about
 * @param cause what the connection was lost by
 * @returns the error to throw: nobody has heard what became of the statement
 * @throws {@link PgEvictError} `CONNECTION_FAILED` if the server cannot be asked any more
 */
export async function endLostRunner(
  operation: Operation,
  databases: readonly string[],
  cause: unknown,
): Promise<PgEvictError> {
  const { pid, started } = operation.runner;
  let state = '';
  await tellUntil(operation, pid, async (client) => {
    const { rows } = await client.query(endQuery, [pid, started]);
    if (rows.length === 0) state = await halfDropped(client, databases);
    else await pause(againMs);
    return rows.length === 0;
  });
  const reason = cause instanceof Error ? cause.message : String(cause);
  return connectionLost(
    operation,
    `The connection was lost while working on database "${operation.database}": ${reason}. What the server was at has ended; it is not known whether it was done.${state}`,
    cause,
  );
}
