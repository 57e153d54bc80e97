import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { startServer, type RunningServer } from '@pg-evict/server';
import { describeWithTools, useServerForTools } from '../support/cli/dump-tools.js';
import { installDependencies, type PackageManager } from '../support/packages/install-dependencies.js';
import { workspaceRoot, type PackedPackage } from '../support/packages/pack-workspace.js';
import { packedPackages } from '../support/packages/packed-packages.js';
import { run } from '../support/packages/run.js';

// The examples as somebody has them who copied their folder, with the packages as they would be published.

let folder: string;
let packages: PackedPackage[];
let server: RunningServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-evict-examples-'));
  packages = await packedPackages();
  server = await startServer({ kind: 'embedded', from: resolve(__dirname, '..') });
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/**
 * A copy of a project with its dependencies installed, ours from their tarballs. With pnpm, which costs a fraction, it
 * also finds nothing that it does not name; two of them are installed with npm.
 */
async function install(project: string, manager: PackageManager = 'pnpm'): Promise<string> {
  const into = join(folder, basename(project));
  await cp(project, into, { recursive: true, filter: (file) => basename(file) !== 'node_modules' });
  const manifest = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as Manifest;
  const { dependencies, devDependencies, optionalDependencies, ...others } = manifest;
  await writeFile(join(into, 'package.json'), JSON.stringify(others));
  const ours = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  // Those for other platforms npm leaves out; as dependencies it could not.
  const platform = Object.entries(optionalDependencies ?? {}).filter(([name]) =>
    name.endsWith(`/${process.platform}-${process.arch}`),
  );
  const all = { ...dependencies, ...devDependencies, ...Object.fromEntries(platform), ...ours };
  await installDependencies(into, manager, all);
  return into;
}

test('examples/jest: its tests pass, in parallel, on a server of their own', async () => {
  const project = await install(resolve(workspaceRoot, 'examples/jest'), 'npm');
  const report = join(folder, 'jest.json');
  await run(project, 'npm', ['test', '--', '--ci', '--maxWorkers=2', '--json', `--outputFile=${report}`]);
  const { numPassedTests, success } = JSON.parse(await readFile(report, 'utf8')) as {
    numPassedTests: number;
    success: boolean;
  };
  expect(success).toBe(true);
  expect(numPassedTests).toBeGreaterThan(1);
});

test.each(['node-test', 'mocha', 'vitest'])(
  'examples/%s: its tests pass, on a server of their own',
  async (name) => {
    const project = await install(resolve(workspaceRoot, 'examples', name));
    expect(await run(project, 'npm', ['test'])).toMatch(/pass 3$|3 passing|3 passed/m);
  },
);

test('examples/demo: shows it all, with its last line', async () => {
  const project = await install(resolve(workspaceRoot, 'examples/demo'));
  const output = await run(project, process.execPath, ['demo.mjs']);
  expect(output).toContain('4 sessions terminated.');
  expect(output).toMatch(/content +empty \(was 1000 orders\)/);
  expect(output).toMatch(/The server is stopped and its files are gone\.$/);
});

describeWithTools('examples/restore-script', () => {
  useServerForTools();

  test('its script restores the dump that its page has made', async () => {
    const project = await install(resolve(workspaceRoot, 'examples/restore-script'));
    const url = new URL(process.env['PG_EVICT_TEST_URL'] || server.url);
    await run(project, 'psql', [url.href, '--command', 'CREATE DATABASE restored']);
    url.pathname = '/restored';
    const DATABASE_URL = url.href;
    await run(project, 'psql', [DATABASE_URL, '--command', 'CREATE TABLE kept AS SELECT 1 AS id']);
    await run(project, 'pg_dump', ['--format=custom', '--file=app.dump', DATABASE_URL]);
    await run(project, 'psql', [DATABASE_URL, '--command', 'DROP TABLE kept']);
    await run(project, 'npm', ['run', 'restore'], { DATABASE_URL });
    expect(await run(project, 'psql', [DATABASE_URL, '-At', '--command', 'TABLE kept'])).toBe('1');
  });
});

test('examples/knex-migrate: its scripts create, migrate and seed', async () => {
  const project = await install(resolve(workspaceRoot, 'examples/knex-migrate'), 'npm');
  const url = new URL(server.url);
  url.pathname = '/example';
  const script = async (name: string): Promise<string> =>
    run(project, 'npm', ['run', name], { DATABASE_URL: url.href });
  await run(project, 'npx', ['pg-evict', 'create'], { DATABASE_URL: url.href });
  expect(await script('db:fresh')).toContain('2 migrations and 1 seed');
  expect(await script('db:migrate')).toContain('Already up to date');
  expect(await script('db:recreate')).toContain('Recreated');
});
