import { resolve } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import type { Knex } from 'knex';

/** Loads a file of migrations or seeds, and returns its exports, for knex. */
export type LoadFile = (file: string) => Promise<unknown>;

/** knex's migrator, with members that its typings leave out; the same from 1.0 to 3.3. */
export interface KnexMigrator {
  readonly config: {
    readonly migrationSource: {
      getMigrations(loadExtensions: unknown): Promise<unknown[]>;
      getMigrationName(migration: unknown): string;
      getMigration(migration: unknown): Promise<unknown>;
    };
    readonly loadExtensions?: unknown;
  };
  readonly _activeMigration?: { readonly fileName?: string | null };
  latest(): Promise<[number, string[]]>;
}

/** knex's seeder, likewise. */
export interface KnexSeeder {
  readonly config: {
    readonly seedSource: {
      getSeeds(config: unknown): Promise<string[]>;
      getSeed(seed: string): Promise<unknown>;
    };
  };
  run(): Promise<[string[]]>;
}

/** The migrator of an instance; with `loadFile`, unless the configuration has a `migrationSource` of its own. */
export function migratorOf(knex: Knex, loadFile: LoadFile | undefined): KnexMigrator {
  // knex makes a new one, and a new source, for each call.
  const migrator = knex.migrate as unknown as KnexMigrator;
  const { migrationSource: source } = migrator.config;
  if (loadFile !== undefined && source !== configOf(knex).migrations?.migrationSource) {
    source.getMigration = async (migration) => {
      const { directory, file } = migration as { directory: string; file: string };
      return loadFile(resolve(directory, file));
    };
  }
  return migrator;
}

/** The seeder of an instance; with `loadFile`, unless the configuration has a `seedSource` of its own. */
export function seederOf(knex: Knex, loadFile: LoadFile | undefined): KnexSeeder {
  const seeder = knex.seed as unknown as KnexSeeder;
  const { seedSource: source } = seeder.config;
  if (loadFile !== undefined && source !== configOf(knex).seeds?.seedSource) source.getSeed = loadFile;
  return seeder;
}

/** The migrations and seeds that were run; in a dry run, those that would be. */
export interface Migrated {
  /** The names of the migrations, in their order. */
  readonly migrations: readonly string[];
  /** The files of the seeds, in their order. */
  readonly seeds: readonly string[];
}

/**
 * Lists all migrations and, on request, the seeds. Sends nothing to the server.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if that fails: a folder is missing, …
 */
export async function planMigrations(knex: Knex, { seed }: { readonly seed: boolean }): Promise<Migrated> {
  const { migrationSource, loadExtensions } = migratorOf(knex, undefined).config;
  const migrations = await listed('migrations', async () => migrationSource.getMigrations(loadExtensions));
  const { config } = seederOf(knex, undefined);
  return {
    migrations: migrations.map((migration) => migrationSource.getMigrationName(migration)),
    seeds: seed ? await listed('seeds', async () => config.seedSource.getSeeds(config)) : [],
  };
}

async function listed<T>(what: 'migrations' | 'seeds', list: () => Promise<T[]>): Promise<T[]> {
  try {
    return await list();
  } catch (cause) {
    const { code, path, message } = cause as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT' && path !== undefined
        ? `There is no folder of ${what} ${path}`
        : `The ${what} cannot be listed: ${message}`;
    throw new PgEvictError('CONFIG_INVALID', `${problem}. Nothing was changed.`, {
      hint: `Make it, or name another one in ${what}.directory of the knex configuration.`,
      cause,
    });
  }
}

function configOf(knex: Knex): Knex.Config {
  return (knex.client as { readonly config: Knex.Config }).config;
}
