import { existsSync, readFile } from '../captured/files.js';
import { loadKnexfile } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import { type KnexSection, projectKnex, projectKnexConfig } from '../fill/project-knex.js';
import { fillTemplate, type ConfiguredDatabase } from './fill-template.js';
import { digest, hashFolder } from './hash-files.js';
import type { TemplateSource } from './template.js';

interface KnexSourceOptions {
  readonly knexfile: string;
  readonly env: string;
  readonly seed: boolean;
  /** Hash of the files that `inputs` names. */
  readonly files: string;
  readonly configured: ConfiguredDatabase;
}

/**
 * Migrations, and seeds on request, of the project's knexfile, run with the project's own knex. The hash covers the
 * knexfile and the folders it names.
 */
export async function knexSource(options: KnexSourceOptions): Promise<TemplateSource> {
  const { knexfile, env, seed, files, configured } = options;
  const { migrations, seeds } = projectKnexConfig(knexfile, await loadKnexfile(knexfile, env));
  const { version } = projectKnex(knexfile);
  requireFolders('migrations', migrations, 'migrationSource', knexfile);
  if (seed) requireFolders('seeds', seeds, 'seedSource', knexfile);
  const folders = [...migrations.directory, ...(seed ? seeds.directory : [])];
  const hashes = await Promise.all(folders.map(hashFolder));
  const text = await readFile(knexfile, 'utf8');
  return {
    description: `knex (${knexfile})`,
    reused: true,
    hash: digest(['knex', version, env, String(seed), text, files, ...hashes]),
    fill: async (address, signal) => {
      const { database = address.connection.database, isKnexfiles } = configured;
      const { password, ...settings } = address.connection;
      const connection = { ...settings, ...(typeof password === 'function' ? {} : { password }) };
      const job = { kind: 'knex', knexfile, env, seed, database, connection, isKnexfiles } as const;
      await fillTemplate(job, process.cwd(), address, configured, signal);
    },
  };
}

/** knex would report that only when it reads them, with the message of the file system, while it is connecting. */
function requireFolders(what: string, section: KnexSection, source: string, knexfile: string): void {
  if (section[source] !== undefined) return;
  const missing = section.directory.find((folder) => !existsSync(folder));
  if (missing === undefined) return;
  throw new PgEvictError('CONFIG_INVALID', `${knexfile} has its ${what} in ${missing}, which is not there.`, {
    hint: `Make the folder, or name it in the knexfile: ${what}.directory.`,
  });
}
