import { writeFileSync } from 'node:fs';
import { createProject, type Project } from '../../support/config/project.js';

interface Initial {
  readonly filename: string;
  readonly text: string;
  readonly notes: readonly string[];
}

async function init(project: Project): Promise<Initial> {
  const [outcome] = await project.evaluate([['initConfig']]);
  if (outcome?.error !== undefined) throw new Error(outcome.error.message);
  expect(project.newFiles()).toEqual([]);
  expect(JSON.stringify(outcome)).not.toContain('s3cret');
  return outcome?.value as Initial;
}

/** Writes it down and resolves the target with it. */
async function use(
  project: Project,
  { filename, text }: Initial,
  env: Record<string, string> = {},
): Promise<unknown> {
  writeFileSync(project.path(filename), text);
  const [outcome] = await project.evaluate([['resolveTarget', { database: 'x' }]], { env });
  expect(outcome?.error).toBeUndefined();
  return outcome?.value;
}

const compose = `
services:
  web: { image: nginx, ports: ['80:80'] }
  db:
    image: postgis/postgis:16
    ports: ['127.0.0.1:\${PORT:-5433}:5432']
    environment: { POSTGRES_USER: app, POSTGRES_PASSWORD: s3cret }
`;

describe.each([
  ['TypeScript', { devDependencies: { typescript: '*' } }, 'pg-evict.config.ts'],
  [
    'TypeScript and ES modules',
    { type: 'module', devDependencies: { typescript: '*' } },
    'pg-evict.config.ts',
  ],
  ['ES modules', { type: 'module' }, 'pg-evict.config.mjs'],
  ['CommonJS', {}, 'pg-evict.config.cjs'],
])('a project in %s', (_kind, manifest, filename) => {
  test('with a knexfile and Jest gets a configuration that names the knexfile and works', async () => {
    const project = createProject({
      'package.json': { ...manifest, jest: {} },
      'knexfile.cjs': `module.exports = { client: 'pg', connection: 'postgres://k:s3cret@knex.example/x' }`,
    });
    const initial = await init(project);
    expect(initial).toMatchObject({
      filename,
      notes: ['./knexfile.cjs: its connection is used', 'Jest: see the testing section'],
    });
    expect(await use(project, initial)).toMatchObject({
      target: { connection: { host: 'knex.example' }, protect: ['prod*', '*production*'] },
      config: { testing: { template: { knex: true } } },
    });
  });

  test('with DATABASE_URL in .env gets one that reads it, also where there is no .env', async () => {
    const project = createProject({
      'package.json': manifest,
      '.env': 'A=1\nDATABASE_URL=postgres://e:s3cret@env.example/x\n',
    });
    const initial = await init(project);
    expect(initial).toMatchObject({ filename, notes: ['.env: its DATABASE_URL is used, and not copied'] });
    expect(await use(project, initial)).toMatchObject({ target: { connection: { host: 'env.example' } } });
    expect(await use(project, initial, { DATABASE_URL: 'postgres://set.example/x' })).toMatchObject({
      target: { connection: { host: 'set.example' } },
    });
  });

  test('with a knexfile that uses DATABASE_URL gets one that reads it from .env before the knexfile', async () => {
    const project = createProject({
      'package.json': manifest,
      'knexfile.cjs': `module.exports = { client: 'pg', connection: process.env.DATABASE_URL }`,
      '.env': 'DATABASE_URL=postgres://e:s3cret@env.example/x\n',
    });
    const initial = await init(project);
    expect(initial.notes).toEqual([
      './knexfile.cjs: its connection is used',
      '.env: its DATABASE_URL is used, and not copied',
    ]);
    expect(await use(project, initial)).toMatchObject({ target: { connection: { host: 'env.example' } } });
  });

  test('with a compose file gets the published port, role and database of its PostgreSQL, not the password', async () => {
    const project = createProject({ 'package.json': manifest, 'docker-compose.yml': compose });
    const initial = await init(project);
    expect(initial.notes).toEqual([
      'docker-compose.yml: its service "db" is used; the password is not copied',
    ]);
    expect(await use(project, initial, { PGPASSWORD: 'pw' })).toMatchObject({
      target: { connection: { host: 'localhost', port: 5433, user: 'app', database: 'app', password: 'pw' } },
    });
  });

  test('with nothing gets one that works with DATABASE_URL', async () => {
    const project = createProject({ 'package.json': manifest });
    const initial = await init(project);
    expect(initial.notes).toEqual([]);
    expect(await use(project, initial, { DATABASE_URL: 'postgres://set.example/x' })).toMatchObject({
      target: { connection: { host: 'set.example' } },
    });
  });
});

test.each([
  ['Jest', { devDependencies: { jest: '*' } }, 'Jest (@pg-evict/jest)'],
  ['Vitest', { devDependencies: { vitest: '*' } }, 'Vitest (@pg-evict/vitest)'],
  ['Mocha', { devDependencies: { mocha: '*' } }, 'Mocha (@pg-evict/testing)'],
  ['node:test', { scripts: { test: 'node --import tsx --test' } }, 'node:test (@pg-evict/testing)'],
])('the testing section names %s, which the project uses', async (name, manifest, users) => {
  const { notes, text } = await init(createProject({ 'package.json': manifest }));
  expect(text).toContain(`// Test databases, for ${users}.`);
  expect(notes).toEqual([`${name}: see the testing section`]);
});

test('the testing section names every runner if the project uses none, or another option begins with --test', async () => {
  const scripts = { test: 'node --test-name-pattern=x run.js' };
  const { text } = await init(createProject({ 'package.json': { scripts } }));
  expect(text).toContain('// Test databases, for Jest, Vitest, node:test or Mocha.');
});

test.each([
  ['loads .env itself', `require('dotenv').config(); exports.connection = process.env.DATABASE_URL`],
  ['does not use DATABASE_URL', `exports.connection = 'postgres://knex.example/x'`],
])('.env is not read for a knexfile that %s', async (_what, knexfile) => {
  const { notes, text } = await init(
    createProject({ 'knexfile.cjs': knexfile, '.env': 'DATABASE_URL=postgres://env.example/x\n' }),
  );
  expect(notes).toEqual(['./knexfile.cjs: its connection is used']);
  expect(text).not.toMatch(/loadEnvFile|dotenv/);
});

test('an existing configuration is not changed', async () => {
  const project = createProject({ '.pg-evictrc': '{}' });
  await expect(init(project)).rejects.toThrow(
    `There is a configuration already: ${project.path('.pg-evictrc')}`,
  );
});
