import { quoteLiteral } from '@pg-evict/core/internal';
import type { KnexClient, KnexQuery, RawConnection } from './knex-internals.js';

/** How knex takes its lock, from 1.0 to 3.3; the names of the table and of its schema are the user's. */
const takesLock = /^update ((?:"[^"]+"\.)?"[^"]+)_lock" set "is_locked" = \$1 where "is_locked" = \$2$/;

/** Whether the table beside it is one of knex's migrations, and how many others are connected. */
const lookAround = (table: string): string => `
SELECT (SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass(${quoteLiteral(table)})
    AND attname IN ('name', 'batch', 'migration_time'))::int AS columns,
  (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend')::int AS others`;

/**
 * Explains a migration lock that knex could not get. A migration that is terminated while it runs outside a transaction
 * leaves the lock behind, and from then on knex says "already locked". That message stays word for word, because
 * programs look for it. knex's logger explains the remedy, after knex's own warning.
 */
export async function explainLockedMigrations(
  client: KnexClient,
  connection: RawConnection,
  query: KnexQuery,
): Promise<void> {
  const [, migrations] = takesLock.exec(query.sql ?? '') ?? [];
  if (migrations === undefined) return;
  if ((query.response as { rowCount?: unknown } | undefined)?.rowCount !== 0) return;
  const { rows } = await connection.query(lookAround(`${migrations}"`));
  // A table of the application's that only looks like it.
  if (rows[0]?.['columns'] !== 3) return;
  const others = Number(rows[0]['others']);
  const { database } = connection;
  const who =
    others === 0
      ? `No other session is connected to database "${database}": the process that migrated was ended before it was done.`
      : `One of the ${others} other sessions on database "${database}" may be migrating; if none is, the process that migrated was ended before it was done.`;
  client.logger?.warn(
    `Migration table is already locked. ${who} If no migration is running: check how far the last migration got, run knex migrate:unlock (knex.migrate.forceFreeMigrationsLock()), then migrate again.`,
  );
}
