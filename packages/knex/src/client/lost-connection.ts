import type { RawConnection } from './knex-internals.js';

/**
 * Marks a connection as gone, as knex does when its socket reports it. knex does not when a query was under way: then
 * the connection went back into the pool, and whoever borrowed it next failed as well.
 */
export function markLost(connection: RawConnection, reason: unknown): void {
  // oxlint-disable-next-line no-underscore-dangle -- knex's own name
  connection.__knex__disposed ??= reason;
}
