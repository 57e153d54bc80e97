import { transformSync } from '@swc/core';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { startServer, type RunningServer } from '@pg-evict/server';
import { codeBlocks, type CodeBlock } from '../support/packages/code-blocks.js';
import { installProject, type Project } from '../support/packages/install-project.js';
import { workspaceRoot, type PackedPackage } from '../support/packages/pack-workspace.js';
import { packedPackages } from '../support/packages/packed-packages.js';
import { versionOf } from '../support/packages/version-of.js';

// What the pages say is run as it stands there, in an empty project, with the packages as they would be published. Only
// the names of our packages become tarballs, and the server of the examples one of our own.
let folder: string;
let server: RunningServer;
let project: Project;
let packages: PackedPackage[];
let blocks: CodeBlock[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-evict-docs-'));
  server = await startServer({ kind: 'embedded', from: resolve(__dirname, '..') });
  for (const database of ['app', 'app_dev', 'app_test']) await query(`CREATE DATABASE ${database}`);
  packages = await packedPackages();
  const versions = [
    versionOf('dependencies', 'knex', 'test'),
    versionOf('dependencies', 'pg', 'test'),
    versionOf('devDependencies', '@types/pg', 'test'),
    versionOf('devDependencies', '@types/node', '.'),
  ];
  const others = await Promise.all(versions);
  project = await installProject('docs', folder, [...packages.map(({ tarball }) => tarball), ...others]);
  const docs = resolve(workspaceRoot, 'docs');
  const pages = (await readdir(docs))
    .filter((name) => name.endsWith('.md'))
    .map((name) => resolve(docs, name));
  // Of the packages' own pages, those whose examples stand by themselves.
  const readmes = ['README.md', 'packages/config/README.md', 'packages/core/README.md'].map((page) =>
    resolve(workspaceRoot, page),
  );
  // Plain SQL, which needs no pg_restore.
  await writeFile(join(project.folder, 'app.dump'), 'CREATE TABLE restored ();\n');
  blocks = [...readmes, ...pages].flatMap((page) => codeBlocks(page, workspaceRoot));
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function query(sql: string): Promise<void> {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The same, for this machine. */
function here(code: string): string {
  const { host, port, user, password } = server;
  const tarballs = packages.reduce(
    (text, { name, tarball }) =>
      text.replaceAll(new RegExp(`(npm install.*) ${name}(?=\\s)`, 'g'), `$1 ${tarball}`),
    code,
  );
  return tarballs.replaceAll(
    /postgres:\/\/[^/\s]+\//g,
    `postgres://${user}:${encodeURIComponent(password)}@${host}:${String(port)}/`,
  );
}

const environment = (): string => {
  const { host, port, user, password } = server;
  return [
    `export PATH="$PWD/node_modules/.bin:$PATH" CI=true`,
    `export DATABASE_URL='postgres://${user}:${encodeURIComponent(password)}@${host}:${String(port)}/app_dev'`,
  ].join('\n');
};

/** Runs a script and says which part of which page it was, if it fails. */
async function runAt(place: string, script: string): Promise<string> {
  try {
    return await project.run('bash', '-c', script);
  } catch (error) {
    throw new Error(`${place} fails: ${(error as Error).message}`, { cause: error });
  }
}

const written = (language: string): CodeBlock[] => {
  const found = blocks.filter((block) => block.language === language);
  // A page that has lost its blocks to another word for the language would pass unread.
  if (found.length < 3) throw new Error(`the pages have no blocks in ${language}`);
  return found;
};

test('every shell command of the pages runs', async () => {
  for (const { place, code } of written('bash')) {
    const script = `set -e\n${environment()}\n${here(code)}`;
    await expect(runAt(place, script)).resolves.toEqual(expect.any(String));
  }
});

test('every npm script of the pages runs', async () => {
  const scripts = written('json').flatMap(({ place, code }) =>
    Object.entries((JSON.parse(code) as { scripts?: Record<string, string> }).scripts ?? {})
      // A runner's runs in its example.
      .filter(([name]) => name !== 'test')
      .map(([, script]) => [place, script] as const),
  );
  expect(scripts.length).toBeGreaterThan(4);
  for (const [place, script] of scripts) {
    await expect(runAt(place, `${environment()}\n${script}`)).resolves.toContain('app_dev');
  }
});

test('the knexfile of the README is one, and creates its database', async () => {
  const knexfile = written('js').find(({ place }) => place.startsWith('README.md'));
  await writeFile(join(project.folder, 'wrapped.cjs'), knexfile?.code ?? '');
  const command = [
    environment().replace(/app_dev'$/, "app_from_knexfile'"),
    `knex migrate:latest --knexfile wrapped.cjs`,
    'pg-evict sessions',
  ].join(' && ');
  const output = await runAt(knexfile?.place ?? 'README.md', command.replaceAll('\n', ' && '));
  expect(output).toContain('No session on app_from_knexfile.');
});

test('the example in the page of @pg-evict/config runs', async () => {
  const example = written('js').find(({ place }) => place.startsWith('packages/config/'));
  await writeFile(join(project.folder, 'example.mjs'), example?.code ?? '');
  const output = await runAt(example?.place ?? '', `${environment()}\nexec node example.mjs`);
  expect(output).toContain('connecting from DATABASE_URL');
});

test('every TypeScript example of the pages has its types right, and runs', async () => {
  const examples = written('ts');
  await mkdir(join(project.folder, 'blocks'));
  for (const { place, code } of examples) {
    await writeFile(join(project.folder, 'blocks', `${place.replaceAll(/\W/g, '-')}.ts`), code);
  }
  await expect(project.run(resolve(workspaceRoot, 'node_modules/.bin/tsc'), '--project', '.')).resolves.toBe(
    '',
  );
  for (const { place, code } of examples) {
    const compiled = transformSync(code, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } });
    await writeFile(join(project.folder, 'example.mjs'), compiled.code);
    const script = `${environment()}\nexec node example.mjs`;
    await expect(runAt(place, script)).resolves.toEqual(expect.any(String));
  }
});
