import { assertOptions, assertWaits, deadlineOf } from '@pg-evict/core/internal';
import type { Knex } from 'knex';
import { evictingClient } from './client/evicting-client.js';
import { isPostgres, type KnexClientClass } from './client/knex-internals.js';
import type { PgEvictKnexOptions } from './client/target.js';
import { ownKnex } from './own-knex.js';

/** The names knex knows its PostgreSQL clients by. */
const names = new Set(['pg', 'postgres', 'postgresql', 'pgnative']);

/** Wrapped configurations and their results, so that wrapping twice has the effect of wrapping once. */
const made = new WeakMap<
  KnexClientClass,
  { Base: KnexClientClass; name: Knex.Config['client']; options: PgEvictKnexOptions }
>();

/**
 * Wraps a knex configuration or any export of a knexfile: a configuration, a map of environments, a function that
 * returns one of these or a promise of it. The result has the same shape. Configurations of other database systems are
 * returned unchanged.
 *
 * With `evict`, DROP DATABASE, ALTER DATABASE … RENAME TO or SET TABLESPACE, and CREATE DATABASE … TEMPLATE first
 * terminate the other sessions on the database, no matter how they go through knex: raw, in a schema builder, in a
 * migration with `transaction: false`, from the knex command. They run from a maintenance connection with the settings
 * of the pool's, so that the pool itself may be on the database. Inside a transaction, or in one string with other
 * statements, they are refused with `IN_TRANSACTION`, and no session is terminated.
 *
 * They also run while the configured database is missing, and then so does CREATE DATABASE: one instance can drop its
 * own database and create it again.
 *
 * In any case a connection whose session was terminated fails one query at most and then leaves the pool. A new
 * connection that was refused because the database was just being replaced is tried once more.
 *
 * Does nothing at import and sends nothing to a server. Needs, to terminate sessions of other roles,
 * `pg_signal_backend`.
 *
 * @throws PgEvictError `CONFIG_INVALID` for an unknown option
 * @see {@link PgEvictKnexOptions} for the defaults
 */
export function withPgEvict<Config extends object>(config: Config, options: PgEvictKnexOptions = {}): Config {
  assertOptions('withPgEvict', options, {
    evict: true,
    ensureDatabase: true,
    followsTests: true,
    timeoutMs: true,
    graceMs: true,
    drainMs: true,
    keep: true,
    protect: true,
    poolers: true,
    maintenanceDatabase: true,
    adminConnection: true,
  });
  assertWaits(options);
  // It refuses a timeout that is none.
  deadlineOf({ timeoutMs: options.timeoutMs });
  if (typeof config === 'function') {
    const provide = config as unknown as (...parameters: unknown[]) => unknown;
    const wrapped = (...parameters: unknown[]): unknown => {
      const provided = provide(...parameters);
      return provided instanceof Promise
        ? provided.then((value: unknown) => wrapProvided(value, options))
        : wrapProvided(provided, options);
    };
    return wrapped as unknown as Config;
  }
  const wrapped = wrapOne(config, options);
  // A map of environments; a configuration may carry some beside its own fields.
  const environments = Object.entries(wrapped).flatMap(([key, value]) =>
    isConfig(value) ? [[key, wrapOne(value, options)] as const] : [],
  );
  return environments.length === 0 ? wrapped : { ...wrapped, ...Object.fromEntries(environments) };
}

function wrapProvided(provided: unknown, options: PgEvictKnexOptions): unknown {
  return typeof provided === 'object' && provided !== null ? withPgEvict(provided, options) : provided;
}

function isConfig(value: unknown): value is Knex.Config {
  return typeof value === 'object' && value !== null && ('client' in value || 'dialect' in value);
}

function wrapOne<Config extends object>(config: Config, options: PgEvictKnexOptions): Config {
  if (!isConfig(config)) return config;
  const name = config.client ?? config.dialect;
  const Base = baseOf(name);
  if (Base === undefined) return config;
  return { ...config, client: subclass(Base, name, options) };
}

/** The class that knex would use, if it is one of PostgreSQL's. Found through knex's public interface alone. */
function baseOf(client: Knex.Config['client']): KnexClientClass | undefined {
  if (typeof client === 'function') {
    const Base = client as unknown as KnexClientClass;
    return isPostgres(Base.prototype) ? Base : undefined;
  }
  if (client === undefined || !names.has(client)) return undefined;
  const { constructor } = ownKnex()({ client }).client as object;
  return constructor as KnexClientClass;
}

function subclass(
  Base: KnexClientClass,
  name: Knex.Config['client'],
  options: PgEvictKnexOptions,
): KnexClientClass {
  const earlier = made.get(Base);
  const origin =
    earlier === undefined
      ? { Base, name, options }
      : { ...earlier, options: { ...earlier.options, ...options } };
  const Client = evictingClient(origin.Base, origin.name, origin.options);
  made.set(Client, origin);
  return Client;
}
