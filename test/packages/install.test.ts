import { readdir, readFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installProject, type Project } from '../support/packages/install-project.js';
import { workspaceRoot, type PackedPackage } from '../support/packages/pack-workspace.js';
import { packedPackages } from '../support/packages/packed-packages.js';

let folder: string;
let packages: PackedPackage[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-evict-install-'));
  packages = await packedPackages();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function install(name: string): Promise<Project> {
  return installProject(
    name,
    folder,
    packages.map(({ tarball }) => tarball),
  );
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

test('npx finds the command, which says its version', async () => {
  const project = await install('commonjs');
  const { version } = JSON.parse(
    await readFile(join(project.folder, 'node_modules/pg-evict/package.json'), 'utf8'),
  ) as {
    version: string;
  };
  expect(await project.run('npx', '--no-install', 'pg-evict', '--version')).toBe(version);
});
