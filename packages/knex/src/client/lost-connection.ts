import type { RawConnection } from './knex-internals.js';

/**
 * What the server says to a session that it ends (`admin_shutdown`, `crash_shutdown`, `cannot_connect_now`), and the
 * class of broken connections.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const endedByServer = /^(?:57P0[1-3]|08\w{3})$/;

/** What node-postgres and libpq say, without a code, when the socket was closed without a word. */
const endedWithoutWord =
  /Connection terminated|not queryable|connection error and is not queryable|server closed the connection|no connection to the server|terminating connection|could not (?:receive|send) data/;

/** Whether an error says that the connection is gone. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return typeof code === 'string'
    ? endedByServer.test(code) || code === 'ECONNRESET' || code === 'EPIPE'
    : endedWithoutWord.test(error.message);
}

/**
 * Marks a connection as gone, as knex does when its socket reports it. knex does not when a query was under way: then
 * the connection went back into the pool, and whoever borrowed it next failed as well.
 */
export function markLost(connection: RawConnection, reason: unknown): void {
  // oxlint-disable-next-line no-underscore-dangle -- knex's own name
  connection.__knex__disposed ??= reason;
}
