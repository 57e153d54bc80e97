import { join, sep } from 'node:path';
import { PgEvictError, type PgEvictErrorCode } from '@pg-evict/core';
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

/** Projects whose run could not begin. */
export interface FailedRun {
  readonly directories: readonly string[];
  readonly code: PgEvictErrorCode;
  readonly message: string;
}

/** What the projects of a host have. */
export interface HostedRuns {
  readonly runs: readonly HostedRun[];
  readonly failed: readonly FailedRun[];
}

/** The runs of a host, written in its private folder: a worker names its database before it can have asked. */
export function readHostedRuns(folder: string): HostedRuns {
  const { runs, failed } = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as HostedRuns;
  return {
    runs: runs.map((run) => ({
      ...run,
      server: { ...run.server, connection: restoreTls(run.server.connection) },
    })),
    failed,
  };
}

/**
 * Writes down the runs of a host.
 *
 * @param invitations the data with which a process can end them, should the host be killed
 */
export function writeHostedRuns(
  folder: string,
  runs: HostedRuns,
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
 * @throws {@link PgEvictError} `CONFIG_INVALID` if there is none; the error with which the project's run did not begin
 */
export function runOf({ runs, failed }: HostedRuns, directory: string | undefined): HostedRun {
  const found = projectOf([...runs, ...failed], directory);
  if (found !== undefined && 'id' in found) return found;
  if (found !== undefined) {
    throw new PgEvictError(
      found.code,
      `The run of tests for ${directory ?? ''} did not begin: ${found.message}`,
    );
  }
  const [only, ...others] = runs;
  if (only !== undefined && others.length + failed.length === 0) return only;
  throw new PgEvictError('CONFIG_INVALID', `No run of tests was begun for ${directory ?? 'this process'}.`, {
    hint: `Runs were begun for ${runs.flatMap(({ directories }) => directories).join(', ')}.`,
  });
}

/** Whatever is for a folder, or else for one above it. */
function projectOf<T extends { readonly directories: readonly string[] }>(
  all: readonly T[],
  directory: string | undefined,
): T | undefined {
  if (directory === undefined) return undefined;
  return (
    all.find(({ directories }) => directories.includes(directory)) ??
    all.find(({ directories }) => directories.some((one) => isBelow(directory, one)))
  );
}

/** Whether a folder is below another one. */
function isBelow(directory: string, other: string): boolean {
  return directory.startsWith(`${other}${sep}`);
}

const legacyIn = (folder: string): string => join(folder, 'invitations.json');
const fileIn = (folder: string): string => join(folder, 'runs.json');
