import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import type { Knex } from 'knex';

/** What was run. */
export interface Migrated {
  /** The names of the migrations, in their order. */
  readonly migrations: readonly string[];
  /** The files of the seeds, in their order. */
  readonly seeds: readonly string[];
}

interface RunOptions {
  readonly seed: boolean;
  readonly onMigration: ((name: string) => void) | undefined;
}

/**
 * Runs all migrations and, if asked to, the seeds, with knex's own Migrator and Seeder.
 *
 * @param state what becomes of the database if one fails, for the message
 * @throws {@link PgEvictError} `UNEXPECTED`, naming the migration
 */
export async function runMigrations(
  knex: Knex,
  database: string,
  state: string,
  { seed, onMigration }: RunOptions,
): Promise<Migrated> {
  const stopTelling = onMigration === undefined ? undefined : tellEach(knex, onMigration);
  // Made after that: it works on a clone, to which listeners are copied.
  const migrator = knex.migrate as Knex.Migrator & { _activeMigration?: { fileName?: string | null } };
  let migrations: string[];
  try {
    [, migrations] = (await migrator.latest()) as [number, string[]];
  } catch (error) {
    // oxlint-disable-next-line no-underscore-dangle -- knex's own name; only there does it say which one it ran
    const name = migrator._activeMigration?.fileName ?? undefined;
    throw failure(name === undefined ? 'The migrations' : `Migration "${name}"`, database, state, error);
  } finally {
    stopTelling?.();
  }
  if (!seed) return { migrations, seeds: [] };
  try {
    const [seeds] = await knex.seed.run();
    return { migrations, seeds };
  } catch (error) {
    throw failure('A seed', database, state, error);
  }
}

function failure(what: string, database: string, state: string, error: unknown): PgEvictError {
  const message = error instanceof Error ? error.message : String(error);
  return new PgEvictError(
    isPgEvictError(error) ? error.code : 'UNEXPECTED',
    `${what} failed; database "${database}" ${state}: ${message}`,
    {
      database,
      sqlState: sqlStateOf(error),
      cause: error,
    },
  );
}

function sqlStateOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** knex tells of a migration that is done only by recording it; hooks came with 3.2. */
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
