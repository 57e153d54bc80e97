import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Deadline, untilDeadline } from '../contract/deadline.js';
import { logTail, saysDiskFull } from '../contract/log-tail.js';
import { ServerError } from '../contract/server-error.js';
import {
  logFileIn,
  supervise,
  type SupervisedProgram,
  type Surroundings,
} from '../surroundings/supervise.js';

/** A postmaster that accepts connections. */
export interface Postmaster {
  readonly pid: number;
  readonly program: SupervisedProgram;
}

/** The server to launch. */
export interface LaunchOptions {
  readonly postgres: string;
  readonly dataDirectory: string;
  readonly port: number;
  readonly arguments: readonly string[];
  /** Not to be shown in error messages. */
  readonly password: string;
}

/** Another process took the port. */
export class PortTakenError extends ServerError {
  constructor(port: number, log: string) {
    super('START_FAILED', `PostgreSQL did not start: port ${port} is taken.${log}`);
  }
}

const pollMs = 5;
const retryMs = 100;

/**
 * Launches the server and waits until it accepts connections.
 *
 * @throws {PortTakenError} when the port is taken.
 * @throws {ServerError} `START_FAILED` or `DISK_FULL`, with the last lines of the log.
 */
export async function launchPostgres(
  options: LaunchOptions,
  surroundings: Surroundings,
  deadline: Deadline,
): Promise<Postmaster> {
  for (;;) {
    const outcome = await attempt(options, surroundings, deadline);
    if (outcome !== 'memory-in-use') return outcome;
    await untilDeadline(delay(retryMs), deadline);
  }
}

async function attempt(
  { postgres, dataDirectory, port, arguments: args, password }: LaunchOptions,
  surroundings: Surroundings,
  deadline: Deadline,
): Promise<Postmaster | 'memory-in-use'> {
  const lockFile = join(dataDirectory, 'postmaster.pid');
  const logFile = logFileIn(surroundings.home);
  const formerPid = (await readLockFile(lockFile)).pid;
  const logStart = await stat(logFile).then((file) => file.size);
  const program = await supervise(surroundings, [postgres, '-D', dataDirectory, ...args, '-p', String(port)]);
  try {
    while (!program.hasExited()) {
      const { pid, status } = await readLockFile(lockFile);
      if (status === 'ready' && pid !== formerPid) return { pid, program };
      await untilDeadline(delay(pollMs), deadline);
    }
    const code = await program.exited;
    const log = (await readFile(logFile)).subarray(logStart).toString();
    // Sessions of a postmaster that was killed notice it within moments.
    if (log.includes('pre-existing shared memory block')) return 'memory-in-use';
    const tail = await logTail(logFile, password);
    if (log.includes('Address already in use')) throw new PortTakenError(port, tail);
    throw new ServerError(
      saysDiskFull(log) ? 'DISK_FULL' : 'START_FAILED',
      `PostgreSQL did not start: it ended with code ${code}.${tail}`,
    );
  } catch (error) {
    await program.end('INT').catch(() => undefined);
    throw error;
  }
}

async function readLockFile(file: string): Promise<{ pid: number; status: string | undefined }> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  return { pid: Number(lines[0]), status: lines[7]?.trim() };
}
