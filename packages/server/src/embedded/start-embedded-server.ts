import { randomBytes } from 'node:crypto';
import { assertTimeout, createDeadline, type Deadline } from '../contract/deadline.js';
import type { RunningEmbeddedServer } from '../contract/running-server.js';
import { ServerError } from '../contract/server-error.js';
import type { EmbeddedServerOptions } from './embedded-server-options.js';
import { EmbeddedServer } from './embedded-server.js';
import { findPlatformPackage } from '../binaries/find-platform-package.js';
import { freePort } from './free-port.js';
import { initializeCluster } from './initialize-cluster.js';
import { type LaunchOptions, launchPostgres, PortTakenError, type Postmaster } from './launch-postgres.js';
import { parentDirectories } from '../surroundings/parent-directories.js';
import { platformPackage } from '../binaries/platform-package.js';
import { host, postgresArguments } from './postgres-arguments.js';
import { NotExecutableError, prepareBinaries } from '../binaries/prepare-binaries.js';
import { createPrivateDirectory } from '../surroundings/private-directory.js';
import { canEnter, type ServerAccount, serverAccount } from '../surroundings/server-account.js';
import type { Surroundings } from '../surroundings/supervise.js';

const attemptsAtPort = 5;

/** Starts a server from a platform package; see `startServer`. */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<RunningEmbeddedServer> {
  const { version = 18, from = process.cwd(), startTimeoutMs = 60_000 } = options;
  assertTimeout(startTimeoutMs);
  options.signal?.throwIfAborted();
  const args = postgresArguments(options.settings);
  const packageDirectory = await findPlatformPackage(platformPackage(version), from);
  const account = await serverAccount();
  const parents = await parentDirectories(options.parentDirectory);
  const deadline = createDeadline(startTimeoutMs, options.signal);
  try {
    for (const parent of parents) {
      const server = await startIn(parent, account, packageDirectory, args, deadline);
      if (server) return server;
    }
  } finally {
    deadline.clear();
  }
  const as = account ? ` as ${account.name}` : '';
  throw new ServerError(
    'DIRECTORY_UNUSABLE',
    `PostgreSQL cannot be run${as} in ${parents.join(' or ')}: the folder may not be entered, or is mounted with noexec. Name another one with parentDirectory.`,
  );
}

/** Undefined when nothing can be run in the folder. */
async function startIn(
  parent: string,
  account: ServerAccount | undefined,
  packageDirectory: string,
  args: readonly string[],
  deadline: Deadline,
): Promise<RunningEmbeddedServer | undefined> {
  const home = await createPrivateDirectory(parent, account);
  try {
    if (account && !(await canEnter(home.path, account))) {
      throw new NotExecutableError(`${account.name} cannot enter ${home.path}.`);
    }
    const binaries = await prepareBinaries(packageDirectory, home.path, account);
    const surroundings = { home, account, libraryPath: binaries.libraryPath };
    const password = randomBytes(24).toString('base64url');
    const dataDirectory = await initializeCluster(binaries, surroundings, password, deadline);
    const launch = { postgres: binaries.postgres, dataDirectory, arguments: args, password };
    const { port, postmaster } = await launchOnFreePort(launch, surroundings, deadline);
    return new EmbeddedServer({ ...launch, port }, surroundings, binaries.version, postmaster);
  } catch (error) {
    await home.remove();
    if (error instanceof NotExecutableError) return undefined;
    if (isDiskFull(error)) {
      throw new ServerError('DISK_FULL', `There is no room for the server in ${parent}: ${error.message}.`, {
        cause: error,
      });
    }
    throw error;
  }
}

// Errors of our own writes; errors of PostgreSQL's programs are in their log. No instanceof: Node's own errors are of
// another realm under Jest.
function isDiskFull(error: unknown): error is NodeJS.ErrnoException {
  const { code } = Object(error) as { code?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT';
}

async function launchOnFreePort(
  options: Omit<LaunchOptions, 'port'>,
  surroundings: Surroundings,
  deadline: Deadline,
): Promise<{ port: number; postmaster: Postmaster }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(host);
    try {
      return { port, postmaster: await launchPostgres({ ...options, port }, surroundings, deadline) };
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === attemptsAtPort) throw error;
    }
  }
}
