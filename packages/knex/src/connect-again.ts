import { createDatabase } from '@pg-evict/core';
import { settingsOfClient } from './connection-settings.js';
import type { KnexClient, RawConnection } from './knex-client.js';
import { isConnectionLost } from './lost-connection.js';
import type { PgEvictKnexOptions } from './options.js';
import { targetOf } from './target.js';

/**
 * Connects, and once more if that was refused for a reason that passes: the session was ended while it began, or the
 * database was being replaced. A connection attempt that queues behind the replacement is refused with 3D000 although
 * the database is there.
 *
 * With `ensureDatabase`, a database that is missing is created first. One that does not accept connections (55000) is
 * there, and is left alone.
 */
export async function connectAgain(
  client: KnexClient,
  connect: () => Promise<RawConnection>,
  options: PgEvictKnexOptions,
): Promise<RawConnection> {
  try {
    return await connect();
  } catch (error) {
    const missing = (error as { code?: unknown } | null)?.code === '3D000';
    if (missing && options.ensureDatabase === true) {
      const settings = await settingsOfClient(client);
      await createDatabase(targetOf(settings, options), {
        timeoutMs: options.timeoutMs,
        ifNotExists: true,
        owner: options.adminConnection === undefined ? undefined : settings.user,
      });
    } else if (!missing && !isConnectionLost(error)) {
      throw error;
    }
    return connect();
  }
}
