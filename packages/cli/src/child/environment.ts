import type { ResolvedConnection } from '@pg-evict/config';
import type { ConnectionSettings, DatabaseAccess } from '@pg-evict/core';
import { connectionParameters, databaseVariables, misleadingVariables } from '@pg-evict/core/internal';

/**
 * The environment in which a command reaches a database under its private name: `DATABASE_URL` and libpq's variables.
 *
 * @param given the URL of `--url`, whose parameters (sslmode, …) stay
 */
export function environmentFor(
  access: DatabaseAccess,
  { settings, source, tlsEnvironment }: ResolvedConnection,
  given: string | undefined,
): NodeJS.ProcessEnv {
  const { connection, url } = asApplication(access, settings);
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of [...misleadingVariables, 'PGPASSWORD']) delete env[name];
  const original = given ?? (source.kind === 'DATABASE_URL' ? env['DATABASE_URL'] : undefined);
  const full = url.includes('?') ? url : `${url}${connectionParameters(original)}`;
  return { ...env, ...tlsEnvironment, ...databaseVariables(connection, access.database, full) };
}

/** The role of the application, if another one (`admin` in the configuration) took the database. */
export function asApplication(
  { connection, url }: DatabaseAccess,
  { user, password }: ConnectionSettings,
): Pick<DatabaseAccess, 'connection' | 'url'> {
  if (user === undefined || user === connection.user) return { connection, url };
  const login = [user, ...(typeof password === 'string' ? [password] : [])].map(encodeURIComponent).join(':');
  return {
    connection: { ...connection, user, password },
    url: url.replace(/^(\w+:\/\/)(?:[^@/?#]*@)?/, (_all, scheme: string) => `${scheme}${login}@`),
  };
}
