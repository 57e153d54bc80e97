import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Deadline, untilDeadline } from '../contract/deadline.js';
import { logTail, saysDiskFull } from '../contract/log-tail.js';
import { ServerError } from '../contract/server-error.js';
import type { Binaries } from '../binaries/prepare-binaries.js';
import { scramSecretOf } from './scram-secret.js';
import { handOver } from '../surroundings/server-account.js';
import { logFileIn, supervise, type Surroundings } from '../surroundings/supervise.js';

/** The superuser of every embedded server. */
export const superuser = 'postgres';

/**
 * Creates the cluster in the private folder, with `password` for the superuser. The password, or the server's stored
 * form of it, passes through a file of the private folder that is removed at once.
 *
 * @throws {ServerError} `INITDB_FAILED` or `DISK_FULL`, with initdb's message.
 */
export async function initializeCluster(
  binaries: Binaries,
  surroundings: Surroundings,
  password: string,
  deadline: Deadline,
): Promise<string> {
  const { home, account } = surroundings;
  const dataDirectory = join(home.path, 'data');
  const passwordFile = join(home.path, 'password');
  // Initdb of 13 reads no more than 99 bytes of it.
  const stored = Number.parseInt(binaries.version, 10) < 14 ? password : scramSecretOf(password);
  await writeFile(passwordFile, stored, { mode: 0o600 });
  if (account) await handOver(passwordFile, account);
  const initdb = await supervise(surroundings, [
    binaries.initdb,
    `--pgdata=${dataDirectory}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]);
  try {
    const code = await untilDeadline(initdb.exited, deadline);
    if (code !== 0) {
      const log = await readFile(logFileIn(home), 'utf8');
      throw new ServerError(
        saysDiskFull(log) ? 'DISK_FULL' : 'INITDB_FAILED',
        `The cluster could not be created: initdb ended with code ${code}.${await logTail(logFileIn(home), password)}`,
      );
    }
  } finally {
    await initdb.end('INT').catch(() => undefined);
    await rm(passwordFile, { force: true });
  }
  return dataDirectory;
}
