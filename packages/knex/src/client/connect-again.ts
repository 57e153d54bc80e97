import { createDatabase, isPgEvictError } from '@pg-evict/core';
import type { KnexClient, RawConnection } from './knex-internals.js';
import { isConnectionLost } from '@pg-evict/core/internal';
import { withoutEnsuring } from './run-detached.js';
import { settingsOfClient } from './settings.js';
import { type PgEvictKnexOptions, targetOf } from './target.js';

/**
 * Connects, and once more if that was refused for a reason that passes: the session was ended while it began, or the
 * database was being replaced. A connection attempt that queues behind the replacement is refused with 3D000 although
 * the database is there.
 *
 * With `ensureDatabase`, a database that is missing is created first. One that does not accept connections (55000) is
 * there, and is left alone.
 *
 * libpq (pgnative) says nothing but a text when it cannot connect, in the language of the server: every refusal is then
 * taken for one that may pass, and whether the database is missing is asked of the server.
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
        // Then it was not for the database that libpq could not connect.
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
