import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { isConnectionLost, sqlStateOf } from '@pg-evict/core/internal';
import type { Knex } from 'knex';
import { type LoadFile, type Migrated, migratorOf, seederOf } from './knex-internals.js';

interface RunOptions {
  readonly seed: boolean;
  readonly loadFile: LoadFile | undefined;
  readonly onMigration: (name: string) => void;
  readonly signal: AbortSignal | undefined;
  /** The error with which a connection was lost, if one was: knex only says that it is gone. */
  readonly lost: () => unknown;
}

/**
 * Runs all migrations and, on request, the seeds, with knex's own Migrator and Seeder.
 *
 * @param state the fate of the database if one fails, for the message
 * @throws {@link PgEvictError} `UNEXPECTED`, naming the migration; `ABORTED` at once, with the migration still running:
 * the caller has to terminate its sessions
 */
export async function runMigrations(
  knex: Knex,
  database: string,
  state: string | undefined,
  { seed, loadFile, lost, onMigration, signal }: RunOptions,
): Promise<Migrated> {
  const stopTelling = tellEach(knex, (name) => {
    if (signal?.aborted !== true) onMigration(name);
  });
  // Created after that: it works on a clone, to which listeners are copied.
  const migrator = migratorOf(knex, loadFile);
  const current = (): string => {
    // oxlint-disable-next-line no-underscore-dangle -- knex's own name; only there does it say which one it ran
    const name = migrator._activeMigration?.fileName ?? undefined;
    return name === undefined ? 'The migrations' : `Migration "${name}"`;
  };
  const fate = state === undefined ? '' : `; database "${database}" ${state}`;
  const aborted = (what: string): PgEvictError =>
    new PgEvictError('ABORTED', `Aborted. ${what} did not end${fate}.`, {
      database,
      cause: signal?.reason,
    });
  const { schemaName } = (knex.client as { config: Knex.Config }).config.migrations ?? {};
  let migrations: string[];
  try {
    [, migrations] = await unlessAborted(signal, migrator.latest(), () => aborted(current()));
  } catch (error) {
    throw failure(current(), database, fate, error, { lost: lost(), schemaName });
  } finally {
    stopTelling();
  }
  if (!seed) return { migrations, seeds: [] };
  try {
    const seeding = seederOf(knex, loadFile).run();
    const [seeds] = await unlessAborted(signal, seeding, () => aborted('The seeds'));
    return { migrations, seeds };
  } catch (error) {
    throw failure('A seed', database, fate, error, { lost: lost(), schemaName });
  }
}

/** Waits for work, but not for work that goes on after an abort. */
async function unlessAborted<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
  aborted: () => PgEvictError,
): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    stop = () => reject(aborted());
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, abort]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function failure(
  what: string,
  database: string,
  fate: string,
  thrown: unknown,
  { lost, schemaName }: { readonly lost: unknown; readonly schemaName: string | undefined },
): PgEvictError {
  if (isPgEvictError(thrown) && thrown.code === 'ABORTED') return thrown;
  const isLost = lost !== undefined && isConnectionLost(thrown);
  const error = isLost ? lost : thrown;
  const message = error instanceof Error ? error.message : String(error);
  const code = isLost ? 'CONNECTION_FAILED' : isPgEvictError(error) ? error.code : 'UNEXPECTED';
  const lacksSchema = schemaName !== undefined && sqlStateOf(error) === '3F000';
  return new PgEvictError(code, `${what} failed${fate}: ${message}`, {
    database,
    hint: lacksSchema ? schemaHint(schemaName) : undefined,
    sqlState: sqlStateOf(error),
    cause: thrown,
  });
}

/** knex makes its tables before the first migration runs. */
function schemaHint(schemaName: string): string {
  return `A new database has no schema "${schemaName}" (migrations.schemaName) before the first migration. Begin with a database that has it: --template <database>, in code the option template.`;
}

/** knex shows that a migration is done only by recording it; hooks came with 3.2. */
function tellEach(knex: Knex, onMigration: (name: string) => void): () => void {
  const table = (knex.client as { config: Knex.Config }).config.migrations?.tableName ?? 'knex_migrations';
  const records = `"${table}" ("batch", "migration_time", "name") values`;
  const listener = (_response: unknown, query: { sql?: string; bindings?: unknown[] }): void => {
    if (query.sql?.startsWith('insert into ') === true && query.sql.includes(records))
      onMigration(String(query.bindings?.[2]));
  };
  knex.on('query-response', listener);
  return () => {
    knex.removeListener('query-response', listener);
  };
}
