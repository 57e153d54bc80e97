import { join, sep } from 'node:path';
import { PgEvictError } from '@pg-evict/core';
import { readFileSync, renameSync, writeFileSync } from '../captured/files.js';
import type { RunInvitation, RunSettings } from '../database/test-run.js';
import { restoreTls } from '../server/serialize-tls.js';
import type { ReachableServer } from '../server/test-server.js';

/** A run as its workers know it without a request. */
export interface HostedRun extends RunSettings {
  readonly id: string;
  /** Folders of the projects that the run is for; the first is the one where its configuration was looked for. */
  readonly directories: readonly string[];
  /** How tests connect, password included. */
  readonly server: ReachableServer & {
    /** Whether it stays until watch mode ends, but no longer. */
    readonly watched: boolean;
  };
}

/** The runs of a host, written in its private folder: a worker names its database before it can have asked. */
export function readHostedRuns(folder: string): HostedRun[] {
  const runs = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as HostedRun[];
  return runs.map((run) => ({
    ...run,
    server: { ...run.server, connection: restoreTls(run.server.connection) },
  }));
}

/**
 * Writes down the runs of a host.
 *
 * @param invitations the data with which a process can end them, should the host be killed
 */
export function writeHostedRuns(
  folder: string,
  runs: readonly HostedRun[],
  invitations: readonly RunInvitation[],
): void {
  write(legacyIn(folder), invitations);
  write(fileIn(folder), runs);
}

/** The invitations that {@link writeHostedRuns} was given, as JSON; `undefined` if the runs were ended. */
export function readLegacy(folder: string): string | undefined {
  try {
    return readFileSync(legacyIn(folder), 'utf8');
  } catch {
    return undefined;
  }
}

/** Read by others at any moment. */
function write(file: string, content: object): void {
  writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * The run of a project: of the folder that is named, or the only one.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if there is none
 */
export function runOf(runs: readonly HostedRun[], directory: string | undefined): HostedRun {
  const named = runs.find(({ directories }) => directory !== undefined && directories.includes(directory));
  const above = runs.find(({ directories }) => directories.some((one) => isBelow(directory, one)));
  const [only, ...others] = runs;
  const run = named ?? above ?? (others.length === 0 ? only : undefined);
  if (run !== undefined) return run;
  throw new PgEvictError('CONFIG_INVALID', `No run of tests was begun for ${directory ?? 'this process'}.`, {
    hint: `Runs were begun for ${runs.flatMap(({ directories }) => directories).join(', ')}.`,
  });
}

/** Whether a folder is below another one. */
function isBelow(directory: string | undefined, other: string): boolean {
  return directory?.startsWith(`${other}${sep}`) === true;
}

const legacyIn = (folder: string): string => join(folder, 'invitations.json');
const fileIn = (folder: string): string => join(folder, 'runs.json');
