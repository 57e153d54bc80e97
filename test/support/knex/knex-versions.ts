import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type * as Plugin from '@pg-evict/knex';
import type { Knex } from 'knex';

const everyVersion = ['knex-1', 'knex-2', 'knex-3-1', 'knex'] as const;

export type KnexVersion = (typeof everyVersion)[number];

const ends = ['knex-1', 'knex'];
const chosen = process.env['PG_EVICT_TEST_KNEX']?.split(' ') ?? ends;

/** The oldest and the newest knex that the plugin supports, by the name it is installed under; or those of PG_EVICT_TEST_KNEX. */
export const knexVersions = everyVersion.filter((version) => chosen.includes(version));

/** A folder in which one knex and the plugin are installed as npm would, the knex as the plugin's peer. */
export interface KnexProject {
  readonly directory: string;
  /** The file of the command of its knex. */
  readonly command: string;
  readonly knex: (config: Knex.Config | string) => Knex;
  readonly plugin: typeof Plugin;
  readonly remove: () => void;
}

const installed = resolve(__dirname, '../../node_modules');

export function knexProject(version: KnexVersion): KnexProject {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-knex-')));
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, '@pg-evict'), { recursive: true });
  const link = (name: string, from = join(installed, name)): void =>
    symlinkSync(realpathSync(from), join(modules, name), 'junction');
  link('knex', join(installed, version));
  link('pg');
  link('objection');
  link('@pg-evict/core');
  // A link would have the plugin find the knex of the workspace.
  const plugin = realpathSync(join(installed, '@pg-evict/knex'));
  for (const part of ['package.json', 'dist']) {
    cpSync(join(plugin, part), join(modules, '@pg-evict/knex', part), { recursive: true });
  }
  const load = createRequire(join(directory, 'index.js'));
  return {
    directory,
    command: join(dirname(realpathSync(join(modules, 'knex/package.json'))), 'bin/cli.js'),
    knex: load('knex') as KnexProject['knex'],
    plugin: load('@pg-evict/knex') as typeof Plugin,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
