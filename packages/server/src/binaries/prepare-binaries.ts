import { constants } from 'node:fs';
import { cp, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { ServerError } from '../contract/server-error.js';
import { probeBinaries } from './probe-binaries.js';
import { handOver, type ServerAccount } from '../surroundings/server-account.js';

/** PostgreSQL's programs, ready to run as the server's account. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The folder with the libraries' links, if the programs do not find the libraries by themselves. */
  readonly libraryPath: string | undefined;
  /** PostgreSQL's version, such as `18.4`. */
  readonly version: string;
}

/** Nothing can be executed in the server's folder. */
export class NotExecutableError extends Error {
  override readonly name = 'NotExecutableError';
}

/**
 * Makes the binaries of a platform package runnable without writing into the package: on Linux in place, with the links
 * that its libraries need in `home`; as a copy in `home` if the server's account cannot reach the package, and on
 * macOS.
 *
 * @throws {ServerError} `PACKAGE_BROKEN` when something is missing or does not run.
 * @throws {NotExecutableError} when nothing in `home` can be executed.
 */
export async function prepareBinaries(
  packageDirectory: string,
  home: string,
  account: ServerAccount | undefined,
): Promise<Binaries> {
  const native = join(packageDirectory, 'native');
  await requireBinaries(native);
  const links = await readLinks(packageDirectory);

  if (process.platform === 'linux') {
    const libraryPath = join(home, 'lib');
    await linkLibraries(native, packageDirectory, links, libraryPath);
    const inPlace = programsIn(native);
    const version = await probeBinaries(inPlace, { cwd: home, account, libraryPath });
    if (version !== undefined) return { ...inPlace, libraryPath, version };
  }

  const copy = join(home, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  for (const { source, target } of links) {
    const link = join(home, target);
    await symlink(relative(dirname(target), source), link).catch(ignoreExisting);
  }
  if (account) await handOverAll(copy, account);
  const copied = programsIn(copy);
  const version = await probeBinaries(copied, { cwd: home, account, libraryPath: undefined });
  if (version === undefined) throw new NotExecutableError(`Nothing can be executed in ${home}.`);
  return { ...copied, libraryPath: undefined, version };
}

function programsIn(native: string): { initdb: string; postgres: string } {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

async function requireBinaries(native: string): Promise<void> {
  for (const program of Object.values(programsIn(native))) {
    const found = await stat(program).catch(() => undefined);
    if (!found?.isFile() || found.size === 0) {
      throw new ServerError('PACKAGE_BROKEN', `${program} is missing. Install the package again.`);
    }
    if ((found.mode & 0o111) === 0) {
      throw new ServerError(
        'PACKAGE_BROKEN',
        `${program} is not executable: the package was unpacked or copied without file modes. Install it again.`,
      );
    }
  }
}

async function readLinks(packageDirectory: string): Promise<Link[]> {
  const file = join(packageDirectory, 'native', 'pg-symlinks.json');
  try {
    const links: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (Array.isArray(links)) {
      return links.map((link: Record<'source' | 'target', unknown>) => ({
        source: String(link.source),
        target: String(link.target),
      }));
    }
  } catch (error) {
    throw new ServerError('PACKAGE_BROKEN', `${file} is missing or damaged. Install the package again.`, {
      cause: error,
    });
  }
  throw new ServerError('PACKAGE_BROKEN', `${file} is damaged: it holds no list. Install the package again.`);
}

interface Link {
  readonly source: string;
  readonly target: string;
}

// All libraries, not only those that need another name: a library looks for others beside its link.
async function linkLibraries(
  native: string,
  packageDirectory: string,
  links: readonly Link[],
  libraryPath: string,
): Promise<void> {
  await mkdir(libraryPath, { mode: 0o755 });
  const names = new Map<string, string>();
  for (const name of await readdir(join(native, 'lib'))) {
    if (name.includes('.so')) names.set(name, join(native, 'lib', name));
  }
  for (const { source, target } of links) names.set(basename(target), join(packageDirectory, source));
  await Promise.all([...names].map(([name, target]) => symlink(target, join(libraryPath, name))));
}

// The package's own install script makes the same links.
function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function handOverAll(folder: string, account: ServerAccount): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name));
  await Promise.all([folder, ...paths].map((path) => handOver(path, account)));
}
