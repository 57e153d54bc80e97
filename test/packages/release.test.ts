import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { packPackages, workspaceRoot } from '../support/packages/pack-workspace.js';
import { run } from '../support/packages/run.js';

// A dry run of the release, on a clone: the versions are set from the changesets, and everything is published to nobody.

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Record<string, string>;
}

const bin = (name: string): string => resolve(workspaceRoot, 'node_modules/.bin', name);
let clone: string;
let directories: string[];

beforeAll(async () => {
  clone = join(await mkdtemp(join(tmpdir(), 'pg-evict-release-')), 'clone');
  await run(workspaceRoot, 'git', ['clone', '--quiet', '--local', workspaceRoot, clone]);
  directories = await readdir(join(clone, 'packages'));
  for (const directory of directories) {
    await cp(
      resolve(workspaceRoot, 'packages', directory, 'dist'),
      join(clone, 'packages', directory, 'dist'),
      {
        recursive: true,
      },
    );
  }
  await run(clone, bin('pnpm'), ['install', '--prefer-offline', '--ignore-scripts', '--no-frozen-lockfile']);
  await run(clone, bin('changeset'), ['version']);
});

afterAll(async () => {
  await rm(resolve(clone, '..'), { recursive: true, force: true });
});

async function manifests(): Promise<Manifest[]> {
  return Promise.all(
    directories.map(async (directory) => {
      const file = await readFile(join(clone, 'packages', directory, 'package.json'), 'utf8');
      return JSON.parse(file) as Manifest;
    }),
  );
}

test('all packages get one version, and a change log that tells what is in it', async () => {
  const versions = new Set((await manifests()).map(({ version }) => version));
  expect(versions.size).toBe(1);
  const [version] = versions;
  expect(version).not.toBe('0.0.0');
  for (const directory of directories) {
    const log = await readFile(join(clone, 'packages', directory, 'CHANGELOG.md'), 'utf8');
    expect(log).toContain(`## ${version}\n`);
    expect(log).toMatch(/^- \S/m);
  }
});

test('published packages hold their change log, their README, and version ranges that a registry knows', async () => {
  const published = await manifests();
  const packed = await packPackages(clone, join(clone, 'tarballs'));
  for (const { tarball, files } of packed) {
    expect(files).toEqual(expect.arrayContaining(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']));
    const manifest = JSON.parse(
      await run(clone, 'tar', ['-xOf', tarball, 'package/package.json']),
    ) as Manifest;
    const ranges = Object.entries(manifest.dependencies ?? {});
    expect(ranges.filter(([, range]) => /^(?:workspace|file|link|catalog):/.test(range))).toEqual([]);
    const ours = ranges.filter(([dependency]) => published.some((other) => other.name === dependency));
    expect(new Set(ours.map(([, range]) => range))).toEqual(new Set(ours.map(() => manifest.version)));
  }
});

test('every package can be published', async () => {
  for (const directory of directories) {
    // Not as pnpm's recursive publish, which asks the registry what is there.
    const output = await run(join(clone, 'packages', directory), bin('pnpm'), [
      'publish',
      '--dry-run',
      '--no-git-checks',
      '--json',
    ]);
    expect(output).toContain('"filename"');
  }
});
