import type { Target } from '../connection/target.js';
import type { DeadlineOptions } from '../contract/deadline.js';
import { dropExpired, type DroppedKept } from '../undo/drop-kept.js';
import { withOperation } from './with-operation.js';

/**
 * Drops the expired content that was kept for an undo on a server, by the server's clock. Only databases whose owner's
 * privileges the role has. For `sweep` and `doctor --fix`; operations called from code never do it.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function dropExpiredDatabases(
  target: Target,
  options: DeadlineOptions = {},
): Promise<DroppedKept> {
  let outcome: DroppedKept = { dropped: [], left: [] };
  const request = {
    command: 'repair' as const,
    // It is not about a database that could be protected.
    target: { ...target, database: 'pg_evict_undo', protect: [] },
    options,
    failure: () => 'Expired content was not dropped',
  };
  await withOperation(request, async (operation) => {
    outcome = await dropExpired(operation);
    return { changed: outcome.dropped.length > 0 };
  });
  return outcome;
}
