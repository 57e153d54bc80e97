import { PgEvictError } from '@pg-evict/core';
import type { KnexQuery, RawConnection } from './knex-internals.js';

/** How knex takes its lock, from 1.0 to 3.3; the names of the table and of its schema are the user's. */
const takesLock = /^update (?:"[^"]+"\.)?"[^"]*_lock" set "is_locked" = \$1 where "is_locked" = \$2$/;

const countOthers = `
SELECT count(*)::int AS others FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`;

/**
 * Explains a migration lock that knex could not get. A migration that is ended while it runs outside a transaction
 * leaves the lock behind, and from then on knex says "already locked". What is thrown here becomes the message of its
 * `MigrationLocked`.
 *
 * @throws {@link PgEvictError} `BLOCKED`, with the remedy, where the lock was refused
 */
export async function explainLockedMigrations(connection: RawConnection, query: KnexQuery): Promise<void> {
  if (query.sql === undefined || !takesLock.test(query.sql)) return;
  if ((query.response as { rowCount?: unknown } | undefined)?.rowCount !== 0) return;
  const { rows } = await connection.query(countOthers);
  const others = Number(rows[0]?.['others']);
  const { database } = connection;
  throw new PgEvictError(
    'BLOCKED',
    others === 0
      ? `The migration table of database "${database}" is already locked, but nobody else is connected: whoever migrated was ended before it was done.`
      : `The migration table of database "${database}" is already locked. Either somebody among the ${others} other sessions is migrating, or whoever migrated was ended before it was done.`,
    {
      database,
      hint: 'Unless somebody is migrating: look how far the last migration came, run knex migrate:unlock (knex.migrate.forceFreeMigrationsLock()), then migrate again.',
    },
  );
}
