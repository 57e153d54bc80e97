import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerError } from '../contract/server-error.js';
import { handOver, type ServerAccount } from './server-account.js';
import { serverEnvironment } from './server-environment.js';

/** A folder that is removed as soon as no process holds its lifeline any more. */
export interface PrivateDirectory {
  readonly path: string;
  /** To be inherited by every process that works in the folder. */
  readonly lifeline: Socket;
  /** Releases the folder and waits until it is gone. */
  remove(): Promise<void>;
}

// Reads until this process and all that inherited the lifeline are gone. A postmaster that was killed left its lock
// file and, named there, a System V segment, which no other program would remove.
const janitor = `
trap '' HUP INT TERM
while read -r line; do :; done
if [ -f "$1/data/postmaster.pid" ]; then
  segment=$(sed -n '7s/.* //p' "$1/data/postmaster.pid")
  [ -z "$segment" ] || ipcrm -m "$segment"
fi
rm -rf -- "$1"
`;

const removeTimeoutMs = 10_000;

/**
 * Creates a folder that only `account` can enter. A janitor process of this process's user removes it, also when this
 * process is killed.
 *
 * @throws {ServerError} `DIRECTORY_UNUSABLE` when it cannot be created in `parent`.
 */
export async function createPrivateDirectory(
  parent: string,
  account: ServerAccount | undefined,
): Promise<PrivateDirectory> {
  const path = join(parent, `pg-evict-${randomBytes(8).toString('hex')}`);
  const child = spawn('/bin/sh', ['-c', janitor, 'pg-evict-janitor', path], {
    cwd: '/',
    detached: true,
    env: serverEnvironment(),
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new ServerError(
      'PLATFORM_UNSUPPORTED',
      'An embedded PostgreSQL needs /bin/sh, which did not start.',
      {
        cause: error,
      },
    );
  }
  const lifeline = child.stdin;
  if (!(lifeline instanceof Socket)) throw new TypeError('The stdin of a child process is a socket.');
  lifeline.on('error', () => {});
  lifeline.unref();
  child.unref();

  async function remove(): Promise<void> {
    child.ref();
    // Not end(): that shuts the socket down for processes that inherited it, too.
    lifeline.destroy();
    const timeout = new AbortController();
    const late = delay(removeTimeoutMs, 'late' as const, { signal: timeout.signal }).catch(
      () => 'gone' as const,
    );
    const outcome = await Promise.race([gone.then(() => 'gone' as const), late]);
    timeout.abort();
    child.unref();
    if (outcome === 'late') {
      throw new ServerError(
        'STOP_FAILED',
        `Processes of the server in ${path} are still there; the folder is removed as soon as they are gone.`,
      );
    }
  }

  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    await remove();
    throw new ServerError('DIRECTORY_UNUSABLE', `No folder for the server can be made in ${parent}.`, {
      cause: error,
    });
  }
  try {
    if (account) await handOver(path, account);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, lifeline, remove };
}
