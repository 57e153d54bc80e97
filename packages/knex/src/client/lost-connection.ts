import type { RawConnection } from './knex-internals.js';

/**
 * Marks a connection as gone, as knex does when its socket reports it. If a query was under way, knex does not: the
 * connection went back into the pool, and the next query on it failed as well.
 */
export function markLost(connection: RawConnection, reason: unknown): void {
  // oxlint-disable-next-line no-underscore-dangle -- knex's own name
  connection.__knex__disposed ??= reason;
}
