import { assertOptions } from './assert-options.js';
import type { SessionFilter } from './session-filter.js';

/**
 * Refuses fields that there are not: a filter without fields that are known would pick everybody.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 * @internal
 */
export function assertFilter(filter: SessionFilter = {}): void {
  assertOptions('A filter of sessions', filter, {
    user: true,
    application: true,
    client: true,
    state: true,
    backendType: true,
    idleInTransactionMs: true,
    queryLongerThanMs: true,
    olderThanMs: true,
    blocking: true,
    blockingTable: true,
    rootBlockers: true,
    sessions: true,
  });
}
