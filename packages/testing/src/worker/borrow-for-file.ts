import { PgEvictError } from '@pg-evict/core';
import type { RunSettings } from '../database/test-run.js';
import { unwatched, watchSockets } from '../leaks/watch-sockets.js';
import { proposedDatabaseName } from '../names/database-names.js';
import type { HostedRun } from '../wire/hosted-runs.js';
import { takeReady } from '../wire/ready-databases.js';
import { endFile } from './end-file.js';
import { FileDatabase } from './file-database.js';
import type { FileGlobal } from '../evicted/replace-lost-connection.js';
import { thisThread, type WayToHost, wayToHost } from './thread.js';

/** Options of {@link borrowForFile}. */
export interface BorrowForFileOptions {
  /** The test file. */
  readonly file: string;
  /**
   * The folder of its project, if the host has runs of several.
   * @default the only one
   */
  readonly directory?: string | undefined;
  /**
   * Whether the file loads modules of its own, as in a sandbox of Jest.
   * @default false
   */
  readonly sandboxed?: boolean | undefined;
  /**
   * The global object of the file.
   * @default globalThis
   */
  readonly global?: object | undefined;
  /**
   * Whether the asynchronous context of this call is the file's, and no other's.
   * @default true
   */
  readonly entered?: boolean | undefined;
  /**
   * Whether lines are looked for that the stack of a connection does not have: for leaks.
   * @default true
   */
  readonly followed?: boolean | undefined;
  /**
   * Whether nothing of the file runs until {@link FileDatabase.ready} has resolved. The host then chooses the name, and
   * lends a database that is ready under the name it has; without this it has to give it the name of this call, and to
   * connect to it again.
   * @default false
   */
  readonly waits?: boolean | undefined;
  /** The settings by which the file overrides the configuration. */
  readonly settings?:
    | { readonly [Name in 'isolation' | 'leaks' | 'keepFailed']?: RunSettings[Name] | undefined }
    | undefined;
  /**
   * The environment with the run's variable.
   * @default process.env
   */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

/**
 * Names the database of a test file, unless `waits` leaves that to the host, and begins to watch the file's sockets.
 * Does not wait. Call it where the file's own context begins. An earlier file of this thread that was not given back is
 * considered over.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` if this process belongs to no run
 */
export function borrowForFile(options: BorrowForFileOptions): FileDatabase {
  endFile();
  const way = unwatched(() => wayToHost(options.directory, options.environment));
  const { run } = way;
  const { file, sandboxed, entered, followed } = options;
  const settings = settingsFor(run, options.settings);
  const { host = 'localhost', port = 5432 } = run.server.connection;
  const watch = watchSockets({ file, server: { host, port }, sandboxed, entered, followed });
  const database = new FileDatabase({
    way,
    file,
    global: (options.global ?? globalThis) as FileGlobal,
    name: nameFor(way, options.waits),
    settings,
    watch,
  });
  thisThread().file = database;
  return database;
}

function settingsFor(run: HostedRun, given: BorrowForFileOptions['settings'] = {}): RunSettings {
  const { isolation = run.isolation, leaks = run.leaks, keepFailed = run.keepFailed } = given;
  if (run.isolation === 'run' && given.isolation !== undefined) {
    throw new PgEvictError('CONFIG_INVALID', 'A test file has an isolation of its own.', {
      hint: "The run has one database for all: testing.isolation is 'run'.",
    });
  }
  const { database, outside, timeoutMs, variables } = run;
  return { isolation, leaks, keepFailed, database, outside, timeoutMs, variables };
}

/** `undefined` if the host is to choose one. */
function nameFor({ run, folder }: WayToHost, waits = false): string | undefined {
  const { id, isolation, database } = run;
  if (isolation === 'run' && database !== null) return database;
  const thread = thisThread();
  const named = thread.next.get(id);
  thread.next.delete(id);
  if (named !== undefined || waits) return named;
  const ready = takeReady(folder, id);
  if (ready !== undefined) return ready;
  thread.proposed += 1;
  return proposedDatabaseName(id, thread.proposed);
}
