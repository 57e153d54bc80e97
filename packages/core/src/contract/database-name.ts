import { maxNameBytes } from '../text/identifier.js';
import { PgEvictError } from './error.js';

/**
 * Refuses a name that PostgreSQL would not use as it stands. A longer name is refused, not truncated: the server would
 * truncate it silently and the operation would hit another database.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertDatabaseName(name: string, what = 'database name'): void {
  const fail = (problem: string, hint: string): never => {
    throw new PgEvictError('CONFIG_INVALID', `The ${what} ${problem}.`, { database: name, hint });
  };
  if (typeof name !== 'string' || name === '') fail('is empty', 'Give the name of a database.');
  if (name.includes('\0')) fail('contains a NUL byte', 'Remove it.');
  const bytes = Buffer.byteLength(name);
  if (bytes > maxNameBytes) {
    fail(`"${name}" is ${bytes} bytes long; PostgreSQL allows ${maxNameBytes}`, 'Choose a shorter name.');
  }
}

/**
 * Refuses a name in the format of pg-evict's private databases: other operations could mistake the database for a
 * leftover and drop it.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID`
 */
export function assertNameToKeep(name: string): void {
  assertDatabaseName(name, 'name for the old database');
  if (!name.startsWith('pg_evict_')) return;
  throw new PgEvictError('CONFIG_INVALID', `The old database cannot be kept as "${name}".`, {
    database: name,
    hint: 'Names that begin with pg_evict_ are those of databases that pg-evict drops again.',
  });
}
