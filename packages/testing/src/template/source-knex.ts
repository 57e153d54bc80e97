import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { loadKnexfile, loadMigrationFile } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import type { DatabaseAddress } from '../server/database-address.js';
import { failureOf } from '../session/error.js';
import { digest, hashFolder } from './hash-files.js';
import type { TemplateSource } from './template.js';

/** What of knex is used, of the project's own: the same from 1.0 to 3.3. */
type Knex = (config: Readonly<Record<string, unknown>>) => {
  readonly migrate: {
    readonly config: { readonly migrationSource: { getMigration(migration: unknown): Promise<unknown> } };
    latest(): Promise<unknown>;
  };
  readonly seed: {
    readonly config: { readonly seedSource: { getSeed(file: string): Promise<unknown> } };
    run(): Promise<unknown>;
  };
  destroy(): Promise<void>;
};

/** A section of a knexfile, its folders as a list of paths of their own. */
interface Section extends Readonly<Record<string, unknown>> {
  readonly directory: readonly string[];
}

interface KnexSourceOptions {
  readonly knexfile: string;
  readonly env: string;
  readonly seed: boolean;
  /** Hash of the files that `inputs` names. */
  readonly files: string;
}

/**
 * Migrations, and seeds where they are asked for, of the project's knexfile, run with the project's own knex. The hash
 * covers the knexfile and the folders it names.
 */
export async function knexSource(options: KnexSourceOptions): Promise<TemplateSource> {
  const { knexfile, env, seed, files } = options;
  const config = await loadKnexfile(knexfile, env);
  const folder = dirname(knexfile);
  const { knex, version } = ownKnex(knexfile);
  const migrations = inFolder(config['migrations'], folder, 'migrations');
  const seeds = inFolder(config['seeds'], folder, 'seeds');
  requireFolders('migrations', migrations, 'migrationSource', knexfile);
  if (seed) requireFolders('seeds', seeds, 'seedSource', knexfile);
  const folders = [...migrations.directory, ...(seed ? seeds.directory : [])];
  const hashes = await Promise.all(folders.map(hashFolder));
  const text = await readFile(knexfile, 'utf8');
  return {
    description: `knex (${knexfile})`,
    reused: true,
    hash: digest(['knex', version, env, String(seed), text, files, ...hashes]),
    fill: async (address) => migrate(knex, { ...config, migrations, seeds }, address, seed),
  };
}

/** The section of a knexfile with its folders as paths of their own: knex takes them from the working directory. */
function inFolder(section: unknown, folder: string, byDefault: string): Section {
  const given = typeof section === 'object' && section !== null ? (section as Record<string, unknown>) : {};
  const { directory = `./${byDefault}` } = given;
  const directories = (Array.isArray(directory) ? directory : [directory]) as unknown[];
  return { ...given, directory: directories.map((path) => resolve(folder, String(path))) };
}

/** knex would say so no sooner than it reads them, in the words of the file system, while it is connecting. */
function requireFolders(what: string, section: Section, source: string, knexfile: string): void {
  if (section[source] !== undefined) return;
  const missing = section.directory.find((folder) => !existsSync(folder));
  if (missing === undefined) return;
  throw new PgEvictError('CONFIG_INVALID', `${knexfile} has its ${what} in ${missing}, which is not there.`, {
    hint: `Make the folder, or name it in the knexfile: ${what}.directory.`,
  });
}

function ownKnex(knexfile: string): { knex: Knex; version: string } {
  const require = createRequire(knexfile);
  try {
    const exported = require('knex') as Knex | { readonly default: Knex };
    const { version } = require('knex/package.json') as { version: string };
    return { knex: typeof exported === 'function' ? exported : exported.default, version };
  } catch (error) {
    throw new PgEvictError('CONFIG_INVALID', `knex cannot be loaded from ${dirname(knexfile)}.`, {
      hint: 'Install it in the project: npm install knex.',
      cause: error,
    });
  }
}

async function migrate(
  knex: Knex,
  config: Readonly<Record<string, unknown>> & { readonly migrations: Section; readonly seeds: Section },
  { connection }: DatabaseAddress,
  seed: boolean,
): Promise<void> {
  const pool = { ...(config['pool'] as object | undefined), min: 0 };
  const instance = knex({ ...config, connection: { ...connection }, pool });
  try {
    // knex makes a new one each time it is asked.
    const { migrate: migrator, seed: seeder } = instance;
    // TypeScript is loaded where Node cannot; a source of the project's own knows how to load.
    if (config.migrations['migrationSource'] === undefined) {
      migrator.config.migrationSource.getMigration = async (migration) => {
        const { directory, file } = migration as { readonly directory: string; readonly file: string };
        return loadMigrationFile(resolve(directory, file));
      };
    }
    if (config.seeds['seedSource'] === undefined) seeder.config.seedSource.getSeed = loadMigrationFile;
    await migrator.latest().catch((error: unknown) => {
      throw failureOf(error, 'The migrations failed');
    });
    if (!seed) return;
    await seeder.run().catch((error: unknown) => {
      throw failureOf(error, 'The seeds failed');
    });
  } finally {
    await giveUp(instance);
  }
}

/** knex waits for ever for connections that migrations never gave back; their sessions are ended afterwards. */
async function giveUp(instance: { destroy(): Promise<void> }): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((done) => {
    timer = setTimeout(done, 1000);
  });
  await Promise.race([instance.destroy().catch(() => undefined), waited]);
  clearTimeout(timer);
}
