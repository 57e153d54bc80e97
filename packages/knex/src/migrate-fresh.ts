import {
  recreateDatabase,
  type DatabaseAccess,
  type OperationReport,
  type RecreateDatabaseOptions,
} from '@pg-evict/core';
import type { Knex } from 'knex';
import { settingsOfClient } from './connection-settings.js';
import { clientOf } from './knex-client.js';
import { knexOnSuccessor } from './knex-on-successor.js';
import { runMigrations, type Migrated } from './run-migrations.js';
import { targetOf, type TargetOptions } from './target.js';

/** Options of {@link migrateFresh}. */
export interface MigrateFreshOptions extends Omit<RecreateDatabaseOptions, 'fill' | 'dryRun'>, TargetOptions {
  /**
   * Runs the seeds as well.
   * @default false
   */
  readonly seed?: boolean | undefined;
  /**
   * Migrates in place: the database is replaced by an empty one first, and the migrations run under its own name, where
   * others see it half-migrated and a failure leaves it so. For migrations that know the database's name where it cannot
   * be changed for them: in the body of a function they call, in a connection of their own.
   * @default false: the new database takes the old one's place when it is complete
   */
  readonly inPlace?: boolean | undefined;
  /** Called after each migration with its name. */
  readonly onMigration?: ((name: string) => void) | undefined;
}

/** What {@link migrateFresh} did. */
export interface MigrateFreshReport extends OperationReport, Migrated {}

/**
 * Replaces the database of an instance by a new one, runs all migrations on it and, if asked to, the seeds.
 *
 * The new database is made, migrated and seeded beside the old one, under a private name; then it takes the old one's
 * place, and only then are the other sessions ended. If a migration fails, the old database is still there and in use,
 * and the error names the migration. Statements of migrations that name the database (ALTER DATABASE … SET,
 * GRANT … ON DATABASE, COMMENT ON DATABASE, ALTER ROLE … IN DATABASE) are given the private name; a DO block that names
 * it is refused with `REFUSED`. Other side effects of migrations beyond the database, such as CREATE ROLE, stay when a
 * later one fails.
 *
 * The instance's own pool is left alone; its sessions are ended with the others. `timeoutMs` bounds the operation
 * without the migrations and seeds.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system,
 * `UNEXPECTED` when a migration or a seed failed (`cause`: what it threw), and what `recreateDatabase` of core throws
 */
export async function migrateFresh(
  knex: Knex,
  options: MigrateFreshOptions = {},
): Promise<MigrateFreshReport> {
  const client = clientOf(knex, 'migrateFresh');
  const target = targetOf(await settingsOfClient(client), options);
  const { seed = false, inPlace = false, onMigration, ...operation } = options;
  if (inPlace) {
    const report = await recreateDatabase(target, operation);
    return {
      ...report,
      ...(await runMigrations(knex, report.database, 'is half-migrated', { seed, onMigration })),
    };
  }
  let migrated: Migrated = { migrations: [], seeds: [] };
  const fill = async (access: DatabaseAccess): Promise<void> => {
    const database = target.database ?? process.env['PGDATABASE'] ?? '';
    const beside = knexOnSuccessor(knex, database, access);
    try {
      migrated = await runMigrations(beside, database, 'stays as it was', { seed, onMigration });
    } finally {
      await giveUp(beside);
    }
  };
  return { ...(await recreateDatabase(target, { ...operation, fill })), ...migrated };
}

/** knex waits for ever for connections that migrations never gave back; core ends their sessions. */
async function giveUp(knex: Knex): Promise<void> {
  const destroyed = knex.destroy().catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  await Promise.race([destroyed, waited]);
  clearTimeout(timer);
}
