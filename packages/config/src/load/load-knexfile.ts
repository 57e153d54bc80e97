import { AsyncLocalStorage } from 'node:async_hooks';
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { type ConnectionSettings, isPgEvictError, PgEvictError } from '@pg-evict/core';
import { assertReadable } from '../search/find-config.js';
import { notLoaded } from './load-error.js';
import { loadModule } from './load-module.js';

/** How an environment of a knexfile is chosen. Jest and Vitest set NODE_ENV themselves. */
const waysToChoose = '--env or NODE_ENV, for the template of tests with testing.template.env';

/**
 * The configuration that a knexfile gives for an environment, as knex's command reads it: default export, (async)
 * function, map of environments (`file[env]`, else the file itself, unless that has nothing but others), with the
 * knexfile's folder as working directory.
 *
 * @throws PgEvictError `CONFIG_INVALID`, also for a client other than PostgreSQL's
 */
export async function loadKnexfile(file: string, env: string): Promise<Readonly<Record<string, unknown>>> {
  await assertReadable(file);
  const config = await inFolderOf(file, async () => {
    const exported = await loadModule(file);
    const value: unknown = typeof exported === 'function' ? await (exported as () => unknown)() : exported;
    if (!isObject(value)) return value;
    if (!isObject(value[env]) && isMap(value)) {
      const { missingEnvironment } = await import('./environment.js');
      throw missingEnvironment(file, env, Object.keys(value), waysToChoose);
    }
    return value[env] ?? value;
  });
  if (isObject(config)) {
    assertPostgres(config['client'] ?? config['dialect'], file, env);
    return config;
  }
  throw new PgEvictError('CONFIG_INVALID', `${file} exports no configuration for "${env}".`, {
    hint: `Choose another environment with ${waysToChoose}.`,
  });
}

/**
 * The connection that a knexfile gives for an environment, `undefined` if it gives none. Its `pool`, `searchPath` and
 * the like do not concern the server and are ignored; a `connectionPool` (knex 3.3) does.
 *
 * @throws PgEvictError `CONFIG_INVALID`
 */
export async function connectionOfKnexfile(
  file: string,
  env: string,
): Promise<string | ConnectionSettings | undefined> {
  const { connection, connectionPool } = await loadKnexfile(file, env);
  const value: unknown =
    typeof connection === 'function'
      ? await inFolderOf(file, async () => (connection as () => unknown)())
      : (connection ?? (isObject(connectionPool) ? connectionPool['options'] : undefined));
  if (typeof value === 'string') return value || undefined;
  return isObject(value) ? toSettings(value) : undefined;
}

/** knex passes everything to node-postgres, which accepts a port as a string, too. */
function toSettings(connection: Readonly<Record<string, unknown>>): ConnectionSettings {
  // One by one: knex makes the password of a connection that it has seen non-enumerable, and a spread loses it.
  const { connectionString, host, user, password, database, ssl, options, application_name } =
    connection as ConnectionSettings;
  const { port, connectionTimeoutMillis } = connection;
  const given = {
    connectionString,
    host,
    port: port === undefined || port === null || port === '' ? undefined : Number(port),
    user,
    password,
    database,
    ssl,
    options,
    application_name,
    connectionTimeoutMillis: connectionTimeoutMillis as number | undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => (value ?? '') !== ''));
}

/**
 * Whether a knexfile has environments, and nothing else. For an environment that is not in it, knex uses such a map
 * itself as the configuration, and then misses the client.
 */
function isMap(value: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.values(value);
  return (
    entries.length > 0 &&
    entries.every(
      (entry) => isObject(entry) && ('client' in entry || 'dialect' in entry || 'connection' in entry),
    )
  );
}

const postgresClients = new Set(['pg', 'postgres', 'postgresql', 'pgnative', 'pg-native']);

/** A class names its kind of server in `dialect` and `driverName`. */
function assertPostgres(client: unknown, file: string, env: string): void {
  const prototype: unknown = typeof client === 'function' ? client.prototype : undefined;
  const name = isObject(prototype) ? (prototype['driverName'] ?? prototype['dialect']) : client;
  if (typeof name !== 'string' || postgresClients.has(name)) return;
  throw new PgEvictError('CONFIG_INVALID', `${file}: the client of "${env}" is "${name}", not PostgreSQL.`, {
    hint: `Choose another environment with ${waysToChoose}.`,
  });
}

const insideTurn = new AsyncLocalStorage<true>();
let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * dotenv and relative paths in a knexfile depend on it. One after the other, because there is one working directory; a
 * knexfile that loads another one does not wait for itself.
 */
async function inFolderOf<T>(file: string, work: () => Promise<T>): Promise<T> {
  if (insideTurn.getStore() === true) return moved(file, work);
  const turn = lastTurn.then(async () => insideTurn.run(true, async () => moved(file, work)));
  lastTurn = turn.catch(() => undefined);
  return turn;
}

/** Not in a worker thread, which has no working directory. */
async function moved<T>(file: string, work: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  const folder = dirname(file);
  const moves = isMainThread && folder !== before;
  if (moves) process.chdir(folder);
  try {
    return await work();
  } catch (error) {
    if (isPgEvictError(error)) throw error;
    throw notLoaded(file, error);
  } finally {
    if (moves) process.chdir(before);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
