import type { Client } from 'pg';
import { PgEvictError } from '../contract/error.js';
import type { Connection } from './connect.js';

/** Whether a pooler between us and the server lends connections out: its key for cancelling is not the server's. */
export function isPooled({ client, pid }: Connection): boolean {
  return (client as Client & { readonly processID?: number }).processID !== pid;
}

/**
 * Refuses a pooler that lends a server connection for one transaction only. An operation's lock and its LISTEN belong
 * to one server connection, and the next statement would use another one. A pooler that lends a connection for a whole
 * session works. Both connections are queried in turn to tell the two apart: two sessions never have the same backend.
 *
 * @throws {@link PgEvictError} `REFUSED`
 */
export async function refuseTransactionPooling(
  database: string,
  connections: readonly Connection[],
): Promise<void> {
  if (!connections.some(isPooled)) return;
  const pids: unknown[] = [];
  for (const { client } of connections) {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    pids.push(rows[0]?.pid);
  }
  const lent = connections.some(({ pid }, index) => pids[index] !== pid) || new Set(pids).size < pids.length;
  if (!lent) return;
  throw new PgEvictError(
    'REFUSED',
    `The connection goes through a pooler in transaction mode, so database "${database}" cannot be locked over it.`,
    { database, hint: 'Connect to PostgreSQL itself, or to a pool in session mode.' },
  );
}
