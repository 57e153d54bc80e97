import type { ConnectionSettings } from '../connection/flatten-connection.js';
import type { Target } from '../connection/target.js';
import { connectionParameters, databaseUrl } from '../connection/url.js';
import type { Operation } from '../eviction/operation.js';

/** Access to a database under a private name. */
export interface DatabaseAccess {
  /** The name under which the database can be reached meanwhile; only this operation knows it. */
  readonly database: string;
  /** Settings for node-postgres that lead to it. */
  readonly connection: ConnectionSettings;
  /** The same as a URL, password included. */
  readonly url: string;
  /**
   * Fires when the caller aborts, or when the database is not held any more; its `reason` is then a {@link
   * PgEvictError}. The operation ends as soon as the callback has returned.
   */
  readonly signal: AbortSignal;
}

/**
 * The access that the caller's callback gets to a database that an operation holds.
 *
 * @param lost fires when the operation does not hold it any more
 * @internal
 */
export function accessTo(
  { deadline, runner, settings }: Operation,
  database: string,
  target: Target,
  lost: AbortSignal,
): DatabaseAccess {
  // The password that node-postgres found for us (.pgpass is looked up by database name, so not under the private one).
  const { password } = runner.client as { password?: unknown };
  const connection = { ...settings, ...(typeof password === 'string' ? { password } : {}), database };
  const signal = AbortSignal.any([lost, ...(deadline.signal === undefined ? [] : [deadline.signal])]);
  const given = target.connection;
  const parameters = connectionParameters(typeof given === 'string' ? given : given?.connectionString);
  return { database, connection, url: databaseUrl(connection, database, parameters), signal };
}
