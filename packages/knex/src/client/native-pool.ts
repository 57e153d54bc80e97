import { connectAgain } from './connect-again.js';
import type { Generations } from './generations.js';
import type { ConnectionSource, KnexClient, RawConnection } from './knex-internals.js';
import { markLost } from './lost-connection.js';
import type { PgEvictKnexOptions } from './target.js';

/** The members of a pg.Pool that are needed. */
interface NativePool {
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/** Pools and connections that have a listener of ours. */
const heard = new WeakSet();

/**
 * Makes knex survive the termination of sessions of the user's own pg.Pool (`connectionPool`, knex 3.3).
 *
 * node-postgres reports the end of an idle session by an 'error' event, and such an event without a listener ends the
 * process. The pool removes such a connection by itself, so a listener is all that is needed, and all that is added.
 * The same goes for a connection that knex has borrowed; it is marked, so that it is closed when it is given back.
 */
export function surviveEviction(
  client: KnexClient,
  pool: unknown,
  source: ConnectionSource,
  generations: Generations,
  options: PgEvictKnexOptions,
): ConnectionSource {
  hear(pool as NativePool, () => undefined);
  const acquire = source.acquire.bind(source);
  const borrow = async (): Promise<RawConnection> => {
    const generation = generations.current;
    const connection = await connectAgain(client, async () => acquire().promise, options);
    if (heard.has(connection)) {
      if (!generations.isOver(connection)) return connection;
      markLost(connection, 'Others of its age were ended');
      source.release(connection);
      return borrow();
    }
    generations.born(connection, generation);
    hear(connection, (error) => {
      markLost(connection, error);
      generations.lost(connection);
    });
    return connection;
  };
  return Object.assign(source, { acquire: () => ({ promise: borrow() }) });
}

function hear(emitter: NativePool, listener: (error: Error) => void): void {
  if (heard.has(emitter)) return;
  heard.add(emitter);
  // knex only calls the pool's `connect()`.
  emitter.on?.('error', listener);
}
