import { withMaintenanceConnections } from '../connection/maintenance.js';
import { resolveTarget, type Target } from '../connection/target.js';
import { deadlineOf, type DeadlineOptions } from '../contract/deadline.js';
import { translateError } from '../contract/server-error.js';
import { reasonAgainstDrop } from './drop-kept.js';
import { findKept } from './find-kept.js';

/** The content of a database that is kept for an undo. */
export interface KeptDatabase {
  /** Its name meanwhile. */
  readonly database: string;
  /** The database whose content it was; `null` if its comment, which says so, was changed. */
  readonly of: string | null;
  /** The operation that put it aside; `null` likewise. */
  readonly by: string | null;
  readonly owner: string;
  /** Until when it is kept, by the server's clock: ISO 8601, UTC. */
  readonly until: string;
  /** Whether that is over. */
  readonly expired: boolean;
  /** The reason why the role cannot drop it, or, for a protected one, why no role can; `null` if the role can. */
  readonly undroppable: string | null;
}

/**
 * Lists the content that is kept for an undo on a server, of every database. Changes nothing. Needs no privilege.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`
 */
export async function findKeptDatabases(
  target: Target,
  options: DeadlineOptions = {},
): Promise<KeptDatabase[]> {
  const resolved = resolveTarget({ database: 'postgres', ...target });
  return withMaintenanceConnections(resolved, deadlineOf(options), 1, async ([{ client }]) => {
    try {
      return (await findKept(client)).map((kept) => {
        const { name, note, owner, until, expired } = kept;
        return {
          database: name,
          of: note?.of ?? null,
          by: note?.by ?? null,
          owner,
          until: new Date(until * 1000).toISOString(),
          expired,
          undroppable: reasonAgainstDrop(kept) ?? null,
        };
      });
    } catch (error) {
      throw translateError(error, 'Kept content could not be looked up', { database: resolved.database });
    }
  });
}
