import { PgEvictError } from './pg-evict-error.js';

/** The error for a name that no database has. */
export function databaseNotFound(database: string, hint = 'Check the name; capitals count.'): PgEvictError {
  return new PgEvictError('DATABASE_NOT_FOUND', `Database "${database}" does not exist.`, { database, hint });
}
