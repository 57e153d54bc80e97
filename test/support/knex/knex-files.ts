import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { uniqueName } from '../server.js';

/** A migration in TypeScript that only a loader of TypeScript can read, whose `up` is given. */
export function migration(up: string, more = ''): string {
  return `import type { Knex } from 'knex';
    enum Unused { One }
    export async function up(knex: Knex): Promise<void> { ${up} }
    export async function down(knex: Knex): Promise<void> { void Unused.One; }
    ${more}`;
}

export const people = migration(
  `await knex.schema.createTable('people', (table) => { table.increments(); table.text('name'); });`,
);

export const pets = migration(`await knex.schema.createTable('pets', (table) => { table.increments(); });`);

export const ada = `import type { Knex } from 'knex';
  export const seed = async (knex: Knex): Promise<void> => { await knex('people').insert({ name: 'Ada' }); };`;

/** A knexfile in TypeScript; its connection is the one in the environment. */
export const knexfile = `import type { Knex } from 'knex';
  enum Unused { One }
  const config: Knex.Config = {
    client: 'pg',
    connection: process.env['APP_URL'],
    migrations: { directory: './migrations', disableMigrationsListValidation: Unused.One === 1 },
    seeds: { directory: './seeds' },
  };
  export default config;`;

/** Writes a project into a folder of its own in another that has knex installed. Returns the folder. */
export function writeProject(inside: string, files: Readonly<Record<string, string>>): string {
  const folder = join(inside, uniqueName('project'));
  for (const [name, text] of Object.entries({ 'package.json': '{}', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
