import { AsyncLocalStorage } from 'node:async_hooks';
import { isPgEvictError } from '@pg-evict/core';
import { Detached, needsNoConnection } from './detached.js';
import type { KnexBuilder, KnexClient, KnexRunner } from './knex-internals.js';
import { settingsOfClient } from './settings.js';

/** Set while a connection is made for a statement that must not have the database created for it. */
export const withoutEnsuring = new AsyncLocalStorage<boolean>();

/**
 * Lets a runner go on without a connection if the pool's database is missing and the statement needs none: DROP
 * DATABASE and then CREATE DATABASE, through an instance on that very database.
 *
 * @param missing the pools whose database was dropped or renamed, as far as is known
 */
export function runDetached(
  client: KnexClient,
  runner: KnexRunner,
  builder: KnexBuilder,
  missing: WeakSet<object>,
): KnexRunner {
  // oxlint-disable-next-line no-underscore-dangle -- knex's own name
  if (builder._connection !== undefined || !needsNoConnection(builder)) return runner;
  const ensure = runner.ensureConnection.bind(runner);
  runner.ensureConnection = async (run, details) => {
    // A stream does not go through us.
    if (details !== undefined || isConnected(runner)) return ensure(run, details);
    const detach = async (): Promise<unknown> => {
      runner.connection = new Detached(await settingsOfClient(client));
      return run(runner);
    };
    if (missing.has(client.pool as object)) return detach();
    try {
      const connected: typeof run = async (on) => withoutEnsuring.run(false, async () => run(on));
      return await withoutEnsuring.run(true, async () => ensure(connected));
    } catch (error) {
      if (isConnected(runner) || !mayBeMissing(client, error)) throw error;
      try {
        return await detach();
      } catch (failure) {
        // Then libpq could not connect for another reason than the database.
        throw isPgEvictError(failure) && failure.code === 'CONNECTION_FAILED' ? error : failure;
      }
    }
  };
  return runner;
}

const isConnected = (runner: KnexRunner): boolean => runner.connection !== undefined;

/** libpq (pgnative) gives no code. */
function mayBeMissing(client: KnexClient, error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === '3D000' || (code === undefined && client.driverName === 'pgnative');
}
