import type { Client } from 'pg';
import { connect, disconnect } from './connect.js';
import { Deadline } from './deadline.js';
import type { Operation } from './operation.js';
import { PgEvictError } from './pg-evict-error.js';

/** How long to wait for a statement to end after it was told to; every server answers a cancel within a nap. */
const patienceMs = 15_000;

/** How long to wait before a backend is told again. */
export const againMs = 50;

/**
 * Has a backend told something until `tell` says that it has done it; over another connection if the control connection
 * is lost.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED` if the server cannot be asked any more
 */
export async function tellUntil(
  operation: Operation,
  pid: number,
  tell: (client: Client) => Promise<boolean>,
): Promise<void> {
  const patience = new Deadline({ timeoutMs: patienceMs });
  const unknown = (cause?: unknown): PgEvictError =>
    connectionLost(
      operation,
      `Lost the server while working on database "${operation.database}"; backend ${pid} may still be at it.`,
      cause,
    );
  let { client } = operation.control;
  let spare: typeof client | undefined;
  try {
    while (!patience.over) {
      try {
        if (await tell(client)) return;
      } catch (error) {
        if (spare !== undefined) throw unknown(error);
        try {
          spare = (await connect(operation.settings, operation.maintenanceDatabase, patience)).client;
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

/** The error for an operation whose end nobody has heard of. */
export function connectionLost(
  { database, terminated }: Operation,
  message: string,
  cause: unknown,
): PgEvictError {
  return new PgEvictError('CONNECTION_FAILED', message, {
    database,
    hint: 'List the databases before trying again.',
    terminated: [...terminated.values()],
    cause,
  });
}
