import {
  type ConnectionSettings,
  type OperationReport,
  recreateDatabase,
  type RecreateDatabaseOptions,
  type Target,
  terminateSessions,
} from '@pg-evict/core';
import type { Knex } from 'knex';
import { clientOf } from '../client/knex-internals.js';
import { settingsOfClient } from '../client/settings.js';
import { operationOf, targetOf, type TargetOptions } from '../client/target.js';
import { type LoadFile, type Migrated, planMigrations } from './knex-internals.js';
import { watchOldDatabase } from './watch-old-database.js';
import { migrateSuccessor } from './migrate-successor.js';

/** Options of {@link migrateFresh}. */
export interface MigrateFreshOptions extends Omit<RecreateDatabaseOptions, 'fill'>, TargetOptions {
  /**
   * Runs the seeds as well.
   * @default false
   */
  readonly seed?: boolean | undefined;
  /**
   * Migrates in place: the database is replaced by an empty one first, and the migrations run under its own name, where
   * others see it half-migrated and a failure leaves it so. For migrations that use the database's name where pg-evict
   * cannot replace it: in the body of a function they call, in a connection of their own.
   * @default false: the new database replaces the old one when it is complete
   */
  readonly inPlace?: boolean | undefined;
  /**
   * Loads the files of migrations and seeds, such as those in TypeScript; called with the absolute path. Not used if
   * the configuration has a `migrationSource` or `seedSource`.
   * @default knex's own way: `require`, or `import` for ES modules
   */
  readonly loadFile?: LoadFile | undefined;
  /** Called after each migration with its name, the number of completed ones, and the number of all. */
  readonly onMigration?: ((name: string, count: MigrationCount) => void) | undefined;
}

/** How far the migrations are. */
export interface MigrationCount {
  readonly done: number;
  /** All that there are. */
  readonly of: number;
}

/** The result of {@link migrateFresh}. */
export interface MigrateFreshReport extends OperationReport, Migrated {}

/**
 * Replaces the database of an instance by a new one, runs all migrations on it and, on request, the seeds.
 *
 * The new database is created, migrated and seeded beside the old one, under a private name. Then it replaces the old
 * one, and only then are the other sessions terminated. If a migration fails, the old database is still there and in
 * use, and the error names the migration. Statements of migrations that name the database (ALTER DATABASE … SET, GRANT
 * … ON DATABASE, COMMENT ON DATABASE, ALTER ROLE … IN DATABASE) are given the private name; a DO block that names it is
 * refused with `REFUSED`. Other side effects of migrations beyond the database, such as CREATE ROLE, stay when a later
 * one fails.
 *
 * The instance's own pool is left alone; its sessions are terminated with the others. `timeoutMs` limits the operation
 * without the migrations and seeds; `signal` ends these, too. With `dryRun`, the report lists the migrations and seeds
 * that would be run.
 *
 * Needs ownership of the database and CREATEDB, and for sessions of other roles `pg_signal_backend`. With
 * `adminConnection`, that role needs them, and the migrations still run as the instance's role.
 *
 * @throws {@link PgEvictError} `IN_TRANSACTION` for a transaction, `CONFIG_INVALID` for another database system or if
 * the migrations cannot be listed, `UNEXPECTED` when a migration or a seed failed (`cause`: its error), and the errors
 * of core's `recreateDatabase`
 */
export async function migrateFresh(
  knex: Knex,
  options: MigrateFreshOptions = {},
): Promise<MigrateFreshReport> {
  const client = clientOf(knex, 'migrateFresh');
  const settings = await settingsOfClient(client);
  const target = targetOf(settings, options);
  const { seed = false, inPlace = false, loadFile, onMigration, ...operation } = operationOf(options);
  const planned = await planMigrations(knex, { seed });
  if (operation.dryRun === true) return { ...(await recreateDatabase(target, operation)), ...planned };

  let done = 0;
  const tell = (name: string): void => {
    done += 1;
    onMigration?.(name, { done, of: planned.migrations.length });
  };
  const database = target.database ?? process.env['PGDATABASE'] ?? '';
  const migrate = async (
    connection: ConnectionSettings,
    state: string,
    signal: AbortSignal | undefined,
  ): Promise<Migrated> => {
    const pids = new Set<number>();
    try {
      return await migrateSuccessor(knex, {
        database,
        connection,
        state,
        seed,
        loadFile,
        onMigration: tell,
        onSession: (pid) => pids.add(pid),
        signal,
      });
    } catch (error) {
      if (inPlace) await endSessions(target, pids);
      throw error;
    }
  };
  if (inPlace) {
    const report = await recreateDatabase(target, operation);
    return { ...report, ...(await migrate({ ...settings, database }, 'is half-migrated', options.signal)) };
  }
  let migrated: Migrated = { migrations: [], seeds: [] };
  const report = await recreateDatabase(target, {
    ...operation,
    fill: async (access) => {
      // core found the password in .pgpass by the database's name; there is no entry for its private name.
      const own = options.adminConnection === undefined ? access.connection : settings;
      const watch = await watchOldDatabase(client, database, settings);
      try {
        migrated = await watch.run(async () =>
          migrate({ ...own, database: access.database }, 'was not replaced', access.signal),
        );
        watch.assertUnused();
      } finally {
        watch.end();
      }
    },
  });
  return { ...report, ...migrated };
}

/**
 * A statement whose caller no longer waits for it would run on. The sessions of a database that is given up end with
 * it.
 */
async function endSessions(target: Target, pids: ReadonlySet<number>): Promise<void> {
  if (pids.size === 0) return;
  // The earlier failure is the one to report.
  await terminateSessions(target, { filter: { sessions: [...pids] } }).catch(() => undefined);
}
