import { createDatabase, isPgEvictError } from '@pg-evict/core';
import type { KnexClient, RawConnection } from './knex-internals.js';
import { isConnectionLost } from '@pg-evict/core/internal';
import { withoutEnsuring } from './run-detached.js';
import { settingsOfClient } from './settings.js';
import { type PgEvictKnexOptions, targetOf } from './target.js';

/**
 * Connects, and tries once more after a temporary refusal: the session was terminated while it connected, or the
 * database was being replaced. A connection attempt that queues behind the replacement is refused with 3D000 although
 * the database exists.
 *
 * With `ensureDatabase`, a missing database is created first. One that does not accept connections (55000) exists, and
 * is left alone.
 *
 * libpq (pgnative) reports a failed connection only as a text in the language of the server. So every refusal counts as
 * temporary, and a query finds out whether the database is missing.
 */
export async function connectAgain(
  client: KnexClient,
  connect: () => Promise<RawConnection>,
  options: PgEvictKnexOptions,
): Promise<RawConnection> {
  try {
    return await connect();
  } catch (error) {
    const { code } = (error ?? {}) as { code?: unknown };
    const unknown = code === undefined && client.driverName === 'pgnative';
    const missing = code === '3D000';
    const ensures = options.ensureDatabase === true && withoutEnsuring.getStore() !== true;
    if (ensures && (missing || unknown)) {
      await ensureDatabase(client, options).catch((failure: unknown) => {
        // Then libpq could not connect for another reason than the database.
        throw unknown && isPgEvictError(failure) && failure.code === 'CONNECTION_FAILED' ? error : failure;
      });
    } else if (!missing && !unknown && !isConnectionLost(error)) {
      throw error;
    }
    return connect();
  }
}

async function ensureDatabase(client: KnexClient, options: PgEvictKnexOptions): Promise<void> {
  const settings = await settingsOfClient(client);
  await createDatabase(targetOf(settings, options), {
    timeoutMs: options.timeoutMs,
    ifNotExists: true,
    owner: options.adminConnection === undefined ? undefined : settings.user,
  });
}
