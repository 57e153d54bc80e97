import { PgEvictError } from '@pg-evict/core';
import { threadState } from '../captured/thread-state.js';
import { readHostVariable } from '../wire/host-variable.js';
import { type HostedRun, readHostedRuns, runOf } from '../wire/hosted-runs.js';
import type { BorrowedDatabase } from './borrowed-database.js';
import { HostConnection } from './host-connection.js';

/** A test file that runs in this thread, with its database. */
interface RunningFile {
  readonly file: string;
  readonly way: WayToHost;
  reset(): Promise<unknown>;
  resetOther(name: string): Promise<unknown>;
  abandon(): void;
}

/** The state that all copies of this package in a thread share. */
interface Thread {
  /** By the host's folder. */
  readonly connections: Map<string, Promise<HostConnection>>;
  /** By the run: the database that the host has named for this thread's next file. */
  readonly next: Map<string, string>;
  /** The file that runs. */
  file: RunningFile | undefined;
  /** Settles when a file that ended without being closed has given back its databases. */
  leaving: Promise<unknown>;
  /** The databases that the file has borrowed beside its own. */
  readonly borrowed: Set<BorrowedDatabase>;
  /** How many names were proposed. */
  proposed: number;
}

/** That of this thread. */
export function thisThread(): Thread {
  return threadState('worker/1', () => ({
    connections: new Map<string, Promise<HostConnection>>(),
    next: new Map<string, string>(),
    file: undefined,
    leaving: Promise.resolve(),
    borrowed: new Set<BorrowedDatabase>(),
    proposed: 0,
  }));
}

/** A run of the host that this process belongs to, and its address. */
export interface WayToHost {
  readonly run: HostedRun;
  /** The host's folder. */
  readonly folder: string;
  /** Connects when it is first asked. */
  readonly connection: () => Promise<HostConnection>;
}

/** The projects that runs were to be begun for, as the code that began them has named them. */
export function knownProjects(environment: NodeJS.ProcessEnv = process.env): string[] {
  const address = readHostVariable(environment);
  if (address === undefined) return [];
  const { runs, failed } = readHostedRuns(address.folder);
  return [...runs, ...failed].flatMap(({ directories }) => directories);
}

/**
 * Finds the run of this process, or of the project that is named. Does not wait.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if this process belongs to no run; the error with which the project's
 * run did not begin
 */
export function wayToHost(
  directory: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): WayToHost {
  const address = readHostVariable(environment);
  if (address === undefined) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      'No run of tests was begun: this process has no PG_EVICT_HOST.',
      {
        hint: "Begin one before the workers are started, in the runner's global set-up: beginHost() of '@pg-evict/testing'.",
      },
    );
  }
  const { folder } = address;
  const run = runOf(readHostedRuns(folder), directory);
  return {
    run,
    folder,
    async connection() {
      const { connections } = thisThread();
      const known = connections.get(folder);
      if (known !== undefined && !(await known).lost) return known;
      const opening = HostConnection.open(address, run.timeoutMs ?? undefined);
      connections.set(folder, opening);
      opening.catch(() => connections.delete(folder));
      return opening;
    },
  };
}
