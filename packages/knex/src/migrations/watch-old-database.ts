import { AsyncLocalStorage } from 'node:async_hooks';
import { type ConnectionSettings, PgEvictError } from '@pg-evict/core';
import { leadsTo, placeOf, watchStartups } from '@pg-evict/core/internal/own-connections';
import type { KnexClient, RawConnection } from '../client/knex-internals.js';
import { connectingPools } from '../client/connecting-pools.js';

/** The number of promises whose creating line is remembered; each costs some 5 µs. */
const promises = 20_000;

/** The asynchronous context of a filling. */
const fillings = new AsyncLocalStorage<symbol>();

/** Detects connections of this process to the old database while the new one is filled. */
export interface OldDatabaseWatch {
  /** Calls what fills the new database. */
  run<T>(fill: () => Promise<T>): Promise<T>;
  /** @throws {@link PgEvictError} `REFUSED` if there were any */
  assertUnused(): void;
  end(): void;
}

/**
 * Watches this process for connections to the old database: their writes would be lost with it. The pool of the
 * instance, and those of wrapped configurations, may connect for other work of the process, but not for migrations and
 * seeds.
 */
export async function watchOldDatabase(
  client: KnexClient,
  database: string,
  settings: ConnectionSettings,
): Promise<OldDatabaseWatch> {
  const place = await placeOf(settings);
  const filling = Symbol('filling');
  let found: string | undefined;
  const stop = watchStartups((startup) => {
    if (found !== undefined || startup.database !== database) return undefined;
    if (!leadsTo(startup.target, startup.address, place)) return undefined;
    if (connectingPools.getStore() === true && fillings.getStore() !== filling) return undefined;
    const [line] = startup.lines;
    found = line === undefined ? 'Something in this process' : `${line.file}:${line.line}`;
    return undefined;
  }, promises);
  // The pool of an instance that is not wrapped cannot be recognised.
  const unpatched = Object.getPrototypeOf(client) as KnexClient;
  Object.defineProperty(client, 'acquireRawConnection', {
    configurable: true,
    writable: true,
    value: async (): Promise<RawConnection> =>
      connectingPools.run(true, async () => unpatched.acquireRawConnection.call(client)),
  });
  return {
    run: async (fill) => fillings.run(filling, fill),
    assertUnused() {
      if (found === undefined) return;
      throw new PgEvictError(
        'REFUSED',
        `${found} connected to database "${database}" while the new one was filled: what it wrote there would be lost. The database was not replaced.`,
        {
          database,
          hint: 'Use the knex that is passed to the migration or seed; or migrate in place: migrateFresh(knex, { inPlace: true }).',
        },
      );
    },
    end() {
      stop();
      Reflect.deleteProperty(client, 'acquireRawConnection');
    },
  };
}
