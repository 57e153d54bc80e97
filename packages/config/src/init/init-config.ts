import { resolve } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import { workingDirectory } from '../search/files-in.js';
import { findConfig } from '../search/find-config.js';
import type { ProjectFindings } from './inspect-project.js';

/** A configuration file to be written. */
export interface InitialConfig {
  /** `pg-evict.config.ts`, `.mjs` or `.cjs`, to be written into `cwd`. */
  readonly filename: string;
  readonly text: string;
  /** The source that it was made from, for people: `knexfile.ts: its connection is used`. */
  readonly notes: readonly string[];
}

/**
 * Writes the text of a first configuration, with comments, after looking at the project's knexfile, `.env`, compose
 * file and test runner. Copies no password, runs no code of the project, writes no file.
 *
 * @throws PgEvictError `CONFIG_INVALID` if there is a configuration already
 */
export async function initConfig({
  cwd = workingDirectory(),
}: { cwd?: string | undefined } = {}): Promise<InitialConfig> {
  const folder = resolve(cwd);
  const existing = await findConfig(folder);
  if (existing !== undefined) {
    throw new PgEvictError('CONFIG_INVALID', `There is a configuration already: ${existing}.`, {
      hint: 'Change that one, or remove it first.',
    });
  }
  const { inspectProject } = await import('./inspect-project.js');
  const project = await inspectProject(folder);
  const settings = [connectionLines(project), protectLines(), sessionLines(), testingLines(project)];
  return {
    filename: `pg-evict.config.${extensionFor(project)}`,
    text: `${wrap(project, settings.map((lines) => lines.map((line) => `  ${line}`.trimEnd()).join('\n')).join('\n\n'))}\n`,
    notes: notesOf(project),
  };
}

/** A JavaScript file gets an extension that states its module kind, because the `type` in package.json may change. */
function extensionFor({ isEsm, isTypeScript }: ProjectFindings): 'ts' | 'mjs' | 'cjs' {
  if (isTypeScript) return 'ts';
  return isEsm ? 'mjs' : 'cjs';
}

/** `export default` or `module.exports`, typed. */
function wrap(project: ProjectFindings, body: string): string {
  const isModule = project.isTypeScript || project.isEsm;
  const lines = [];
  if (project.hasDefineConfig) {
    lines.push(
      isModule
        ? `import { defineConfig } from '@pg-evict/config';`
        : `const { defineConfig } = require('@pg-evict/config');`,
    );
  }
  if (project.envFile !== undefined) lines.push(...envLines(project, isModule));
  if (lines.length > 0) lines.push('');
  const [open, close] = project.hasDefineConfig ? ['defineConfig({', '});'] : ['{', '};'];
  lines.push(`${isModule ? 'export default' : 'module.exports ='} ${open}`, body, close);
  return lines.join('\n');
}

/** Variables that are set already stay. On a CI runner there is no such file. */
function envLines({ envFile = '.env', hasDotenv }: ProjectFindings, isModule: boolean): string[] {
  if (hasDotenv && envFile === '.env')
    return [isModule ? `import 'dotenv/config';` : `require('dotenv/config');`];
  return [
    isModule ? `import { existsSync } from 'node:fs';` : `const { existsSync } = require('node:fs');`,
    '',
    `// This file sets DATABASE_URL. Variables that are set already stay.`,
    isModule
      ? `const envFile = new URL('${envFile}', import.meta.url);`
      : `const envFile = require('node:path').join(__dirname, '${envFile}');`,
    'if (existsSync(envFile)) process.loadEnvFile(envFile);',
  ];
}

function connectionLines({ knexfile, envFile, compose }: ProjectFindings): string[] {
  const admin = [
    '',
    '// Another role for administrative commands, if the one above may not create databases.',
    `// admin: { user: 'postgres', password: process.env.PG_ADMIN_PASSWORD },`,
  ];
  if (knexfile !== undefined) {
    return ['// The connection is the one in the knexfile.', `knexfile: '${knexfile}',`, ...admin];
  }
  if (envFile === undefined && compose !== undefined) {
    const { file, name, port, user, database } = compose;
    return [
      `// The service "${name}" of ${file}. The password is taken from PGPASSWORD or .pgpass.`,
      `connection: ${literal({ host: 'localhost', port, user, database })},`,
      ...admin,
    ];
  }
  return [
    "// A postgres:// URL, settings, or a function. Without it: DATABASE_URL, else libpq's variables.",
    'connection: process.env.DATABASE_URL,',
    ...admin,
  ];
}

const literal = (fields: Readonly<Record<string, string | number>>): string =>
  `{ ${Object.entries(fields)
    .map(([key, value]) => `${key}: ${typeof value === 'number' ? value : quoted(value)}`)
    .join(', ')} }`;

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;

const protectLines = (): string[] => [
  '// Databases never to be touched: patterns for the name, the host, or both.',
  `protect: ['prod*', '*production*'],`,
];

const sessionLines = (): string[] => [
  '// sessions: {',
  '//   // How long to wait for sessions to disconnect on their own before they are terminated.',
  `//   graceMs: '5s',`,
  '//   // How long a whole operation may take.',
  `//   timeoutMs: '30s',`,
  '//   // Sessions that are never terminated.',
  `//   keep: [{ application: 'pgAdmin*' }],`,
  '// },',
];

function testingLines({ runners, knexfile }: ProjectFindings): string[] {
  const users = runners.map((runner) => `${runner.name} (${runner.package})`).join(', ');
  const lines = [
    `// Test databases, for ${users === '' ? 'Jest, Vitest, node:test or Mocha' : users}.`,
    'testing: {',
    `  template: { ${knexfile === undefined ? `command: 'npm run migrate'` : 'knex: true, seed: false'} },`,
    `  isolation: 'file',`,
    `  leaks: 'fail',`,
    '},',
  ];
  // A command would be a guess, so it is left to the user.
  return runners.length > 0 && knexfile !== undefined
    ? lines
    : lines.map((line) => (line.startsWith('//') ? line : `// ${line}`));
}

function notesOf({ knexfile, envFile, compose, runners }: ProjectFindings): string[] {
  const notes: string[] = [];
  if (knexfile !== undefined) notes.push(`${knexfile}: its connection is used`);
  if (envFile !== undefined) notes.push(`${envFile}: its DATABASE_URL is used, and not copied`);
  if (knexfile === undefined && envFile === undefined && compose !== undefined) {
    notes.push(`${compose.file}: its service "${compose.name}" is used; the password is not copied`);
  }
  notes.push(...runners.map(({ name }) => `${name}: see the testing section`));
  return notes;
}
