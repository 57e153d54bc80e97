import { execFile } from 'node:child_process';
import { chown, readFile } from 'node:fs/promises';
import { ServerError } from '../contract/server-error.js';
import { serverEnvironment } from './server-environment.js';

/** The account that a server runs as. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account that a server has to run as, or undefined for the current one: PostgreSQL refuses to run as root, so root
 * switches to `postgres` or else `nobody`.
 *
 * @throws {ServerError} `PLATFORM_UNSUPPORTED` if root finds neither.
 */
export async function serverAccount(): Promise<ServerAccount | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  for (const wanted of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(':');
    const uid = Number(fields?.[2]);
    const gid = Number(fields?.[3]);
    // `| 0`: the account `nobody` has the uid -2 on macOS, 4294967294 elsewhere; both are the same and spawn takes the
    // former.
    if (Number.isInteger(uid) && Number.isInteger(gid)) return { name: wanted, uid: uid | 0, gid: gid | 0 };
  }
  throw new ServerError(
    'PLATFORM_UNSUPPORTED',
    'PostgreSQL does not run as root, and /etc/passwd has no account named postgres or nobody that it could run as.',
  );
}

/**
 * Makes the account the owner of a file or folder.
 *
 * @throws {ServerError} `PLATFORM_UNSUPPORTED` when this process may not, as root without capabilities.
 */
export async function handOver(path: string, { name, uid, gid }: ServerAccount): Promise<void> {
  try {
    await chown(path, uid >>> 0, gid >>> 0);
  } catch (error) {
    throw new ServerError(
      'PLATFORM_UNSUPPORTED',
      `PostgreSQL does not run as root, and root may not hand anything over to ${name} here (is it a container without capabilities?). Run this as an ordinary user.`,
      { cause: error },
    );
  }
}

/** Whether the account may enter a folder: tested by entering it, because the modes of all folders above it count. */
export function canEnter(folder: string, { uid, gid }: ServerAccount): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(
      '/bin/sh',
      ['-c', 'cd -- "$1"', 'pg-evict-server', folder],
      { cwd: '/', env: serverEnvironment(), uid, gid },
      (error) => resolve(error === null),
    );
  });
}
