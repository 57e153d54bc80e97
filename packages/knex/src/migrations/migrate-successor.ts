import type { ConnectionSettings } from '@pg-evict/core';
import type { Knex } from 'knex';
import type { ProvidedSettings } from '../client/knex-internals.js';
import type { LoadFile, Migrated } from './knex-internals.js';
import { runMigrations } from './run-migrations.js';
import { knexOnSuccessor } from './successor-instance.js';

/** How {@link migrateSuccessor} migrates. */
export interface MigrateSuccessorOptions {
  /** The database whose name migrations use. */
  readonly database: string;
  /** Leads to the database that is migrated. */
  readonly connection: ConnectionSettings;
  /** Returns new credentials, if they expire. @default those of `connection` */
  readonly provider?: (() => Promise<ProvidedSettings> | ProvidedSettings) | undefined;
  /** The fate of the database if a migration fails, for the message: `was not replaced`. @default not said */
  readonly state?: string | undefined;
  /** How the caller's user migrates in place, for a hint. @default the function's option */
  readonly inPlace?: string | undefined;
  readonly seed: boolean;
  readonly loadFile?: LoadFile | undefined;
  /** Called after each migration. */
  readonly onMigration?: ((name: string) => void) | undefined;
  /** Called with the pid of the backend of each connection, if the driver exposes it. */
  readonly onSession?: ((pid: number) => void) | undefined;
  /** Ends the wait for a migration, which may still be running then. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs all migrations of an instance and, on request, the seeds, on a database that has another name until it is
 * complete. The instance's own pool is left alone.
 *
 * @throws {@link PgEvictError} `UNEXPECTED` when a migration or a seed failed (`cause`: its error), `ABORTED`
 */
export async function migrateSuccessor(knex: Knex, options: MigrateSuccessorOptions): Promise<Migrated> {
  const { database, connection, inPlace, provider, state, seed, loadFile, onMigration, onSession, signal } =
    options;
  let lost: unknown;
  const instance = knexOnSuccessor(knex, {
    database,
    connection,
    inPlace,
    provider,
    onSession,
    onLost: (reason) => {
      lost ??= reason;
    },
  });
  try {
    return await runMigrations(instance, database, state, {
      seed,
      loadFile,
      onMigration: onMigration ?? (() => undefined),
      lost: () => lost,
      signal,
    });
  } finally {
    await giveUp(instance);
  }
}

/** knex waits for ever for connections that migrations never gave back; the caller terminates their sessions. */
async function giveUp(knex: Knex): Promise<void> {
  const destroyed = knex.destroy().catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 1000);
  });
  await Promise.race([destroyed, waited]);
  clearTimeout(timer);
}
