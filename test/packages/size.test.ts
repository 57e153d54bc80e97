import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installDependencies } from '../support/packages/install-dependencies.js';
import { workspaceRoot, type PackedPackage } from '../support/packages/pack-workspace.js';
import { packedPackages } from '../support/packages/packed-packages.js';

/**
 * What a user gets with a package, everything that it depends on included: at most so many kB in so many packages.
 * Peers (knex, jest, testcontainers …) are the user's choice and not counted. Whoever raises a limit says why.
 */
const limits: Readonly<Record<string, { readonly kB: number; readonly packages: number }>> = {
  // With undo, poolers, drain and what guards connections, each for require and import, and comments in whole sentences.
  '@pg-evict/core': { kB: 1800, packages: 16 },
  '@pg-evict/server': { kB: 250, packages: 1 },
  '@pg-evict/knex': { kB: 2000, packages: 17 },
  // jiti and valibot alone are more than 4 MB.
  '@pg-evict/config': { kB: 7500, packages: 38 },
  '@pg-evict/testing': { kB: 9400, packages: 43 },
  // These three are one file each, but for jiti.
  '@pg-evict/jest': { kB: 3500, packages: 3 },
  '@pg-evict/vitest': { kB: 3500, packages: 3 },
  'pg-evict': { kB: 4000, packages: 2 },
};

let folder: string;
let packages: PackedPackage[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-evict-size-'));
  packages = await packedPackages();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The packages of ours that one of ours depends on, itself included. */
async function closure(name: string, into = new Set<string>()): Promise<Set<string>> {
  into.add(name);
  const directory = name === 'pg-evict' ? 'cli' : name.replace('@pg-evict/', '');
  const manifest = await readFile(resolve(workspaceRoot, 'packages', directory, 'package.json'), 'utf8');
  const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
  for (const dependency of Object.keys(dependencies)) {
    if (packages.some((packed) => packed.name === dependency) && !into.has(dependency)) {
      await closure(dependency, into);
    }
  }
  return into;
}

/** The files below a folder, with their sizes. */
async function filesIn(directory: string): Promise<{ path: string; bytes: number }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (path) => ({ path, bytes: (await stat(path)).size })));
}

const kB = (files: readonly { bytes: number }[]): number =>
  Math.round(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1000);

/** Installs one of ours alone. */
async function measure(name: string): Promise<{ kB: number; packages: number; own: number }> {
  const project = join(folder, name.replace('/', '-'));
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'size', private: true }));
  const ours = [...(await closure(name))].map((needed) => {
    const tarball = packages.find((packed) => packed.name === needed)?.tarball ?? '';
    return [needed, `file:${tarball}`] as const;
  });
  await installDependencies(project, 'npm', Object.fromEntries(ours), ['--omit=peer', '--ignore-scripts']);
  const modules = join(project, 'node_modules');
  // npm's own listing of what it installed.
  await rm(join(modules, '.package-lock.json'), { force: true });
  const files = await filesIn(modules);
  const manifest = /\/node_modules\/(?:@[^/]+\/)?[^/@]+\/package\.json$/;
  return {
    kB: kB(files),
    packages: files.filter(({ path }) => manifest.test(path)).length,
    own: kB(files.filter(({ path }) => path.startsWith(join(modules, name, '/')))),
  };
}

/** What docs/decisions/0006-packages.md says of a package. */
function documented(name: string): { kB: number; packages: number } {
  const page = readFileSync(resolve(workspaceRoot, 'docs/decisions/0006-packages.md'), 'utf8');
  const cells = page.split('\n').find((line) => line.startsWith(`| \`${name}\` `)) ?? '';
  const [kilobytes, count] = cells.split('|').slice(2).map(Number);
  return { kB: kilobytes ?? NaN, packages: count ?? NaN };
}

test('no package brings more than its limit, nor other than the page says', async () => {
  const lines: string[] = [];
  const over: string[] = [];
  const stale: string[] = [];
  for (const { name } of packages) {
    const size = await measure(name);
    const limit = limits[name];
    lines.push(
      `${name.padEnd(18)} ${String(size.kB).padStart(6)} kB in ${String(size.packages).padStart(3)} packages, ${size.own} kB of them its own`,
    );
    const said = documented(name);
    const isClose = Math.abs(said.kB - size.kB) <= size.kB / 10;
    if (!isClose || !(Math.abs(said.packages - size.packages) <= 2)) stale.push(name);
    if (limit === undefined || size.kB > limit.kB || size.packages > limit.packages) over.push(name);
  }
  process.stderr.write(`What is installed with a package:\n${lines.join('\n')}\n`);
  expect(over).toEqual([]);
  expect(stale).toEqual([]);
});
