import { execFile, type ExecFileException } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerError } from '../contract/server-error.js';
import type { ServerAccount } from '../surroundings/server-account.js';
import { serverEnvironment } from '../surroundings/server-environment.js';

/** How the binaries would be run. */
export interface ProbeOptions {
  readonly cwd: string;
  readonly account: ServerAccount | undefined;
  readonly libraryPath: string | undefined;
}

const probeTimeoutMs = 20_000;

/**
 * Asks PostgreSQL for its version, which shows whether it can be run at all. Undefined when it may not be
 * executed from where it is.
 *
 * @throws {ServerError} `PACKAGE_BROKEN` or `PLATFORM_UNSUPPORTED` when it does not run.
 */
export async function probeBinaries(
  { initdb, postgres }: { initdb: string; postgres: string },
  options: ProbeOptions,
): Promise<string | undefined> {
  await run(initdb, options);
  const output = await run(postgres, options);
  if (output === undefined) return undefined;
  const version = /\(PostgreSQL\) (\S+)/.exec(output)?.[1];
  if (version === undefined) {
    throw new ServerError('PACKAGE_BROKEN', `${postgres} is not PostgreSQL. Install the package again.`);
  }
  return version;
}

async function run(program: string, options: ProbeOptions, retries = 5): Promise<string | undefined> {
  const { error, stdout, stderr } = await execute(program, options);
  if (!error) return stdout;
  if (error.code === 'EACCES') return undefined;
  if (error.code === 'ETXTBSY' && retries > 0) {
    // Another child was forked while the program was being written: gone as soon as that child is executed.
    await delay(20);
    return run(program, options, retries - 1);
  }
  if (error.code === 'ENOENT') {
    // The program exists; the loader of the C library that it was built for does not.
    throw new ServerError(
      'PLATFORM_UNSUPPORTED',
      `${program} does not run on this system: it needs the GNU C library (Alpine and other musl systems have none). Use a server that is installed here or runs in a container.`,
      { cause: error },
    );
  }
  const said = stderr.trim() || (error.signal ? `it was ended by ${error.signal}` : error.message);
  throw new ServerError('PACKAGE_BROKEN', `${program} does not run: ${said}`, { cause: error });
}

interface Execution {
  readonly error: ExecFileException | null;
  readonly stdout: string;
  readonly stderr: string;
}

function execute(program: string, { cwd, account, libraryPath }: ProbeOptions): Promise<Execution> {
  return new Promise((resolve) => {
    execFile(
      program,
      ['--version'],
      {
        cwd,
        env: serverEnvironment(libraryPath),
        timeout: probeTimeoutMs,
        ...(account && { uid: account.uid, gid: account.gid }),
      },
      (error, stdout, stderr) => resolve({ error, stdout, stderr }),
    );
  });
}
