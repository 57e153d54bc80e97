import { relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  describeLeaks,
  type LeakedSession,
  listLeaks,
  type RunSettings,
  type SocketWatch,
  type TestDatabase,
  unwatched,
  watchSockets,
} from '@pg-evict/testing';
import { findRun } from '../run/begin-in-child.js';
import { lendEnvironment, takeBackEnvironment } from '../run/process-variables.js';
import { type JestRun, removeRuns } from '../run/runs-variable.js';
import { WorkerDatabase } from '../run/worker-database.js';
import { surviveEviction } from './ignore-evictions.js';
import type { EnvironmentConfig, EnvironmentContext, TestEvent, TestState } from './jest-types.js';
import { settingsFor } from './options.js';
import { endsPhase, hasConcurrentTests, hasFailed, phaseOf } from './phases.js';
import { type TimerTrack, trackTimers } from './track-timers.js';

/** How long what is just being closed may take; and before the server is asked about it. */
const graceMs = 500;
const unaskedMs = 20;

/** Where a stack trace has no line, Jest takes the text for one and shows it again; this line it leaves out. */
const noFrame = '    at <anonymous>:0:0';

/** A test file while it runs: its variables, its database, and what it leaves open. */
export class TestFile {
  readonly #path: string;
  readonly #directory: string;
  readonly #bails: boolean;
  readonly #worker: WorkerDatabase;
  readonly #settings: RunSettings;
  readonly #watch: SocketWatch;
  readonly #timers: TimerTrack;
  #ready: Promise<void> | undefined;
  #failed = true;
  #hasConcurrentTests = false;
  #finished = false;
  #closed = false;

  /** Makes nothing: where a setup file throws, nobody would be told to clear it up. */
  constructor(
    { globalConfig, projectConfig }: EnvironmentConfig,
    { testPath }: EnvironmentContext,
    global: object,
  ) {
    // That of a file whose setup files failed may still be there.
    takeBackEnvironment();
    WorkerDatabase.endFile();
    this.#path = testPath;
    this.#directory = projectConfig.rootDir;
    this.#bails = globalConfig.bail > 0;
    this.#worker = unwatched(() => findRun(projectConfig.rootDir));
    const { invitation, planned } = this.#worker;
    this.#settings = settingsFor(invitation, projectConfig.testEnvironmentOptions['pgEvict']);
    const { env } = (global as { process: { env: NodeJS.ProcessEnv } }).process;
    removeRuns(env);
    const variables = { ...planned.environment, PG_EVICT_TEST_DATABASE_URL: planned.url };
    Object.assign(env, variables);
    lendEnvironment(variables);
    this.#timers = trackTimers(global);
    const { host = 'localhost', port = 5432 } = planned.connection;
    this.#watch = watchSockets({ file: testPath, server: { host, port }, sandboxed: true });
    this.#worker.follow(this.#watch);
    this.#watch.enter('while the file was loaded');
  }

  /** Begins to see to the database, and waits until it is ready; may be called again, by whoever waits later. */
  async ready(): Promise<void> {
    this.#ready ??= unwatched(async () => this.#worker.prepare());
    // Who began need not be who waits.
    this.#ready.catch(() => undefined);
    return this.#ready;
  }

  /** Follows what jest-circus does. */
  handle(event: TestEvent, state: TestState): void | Promise<void> {
    if (event.name === 'run_start') this.#hasConcurrentTests = hasConcurrentTests(state.rootDescribeBlock);
    const phase = phaseOf(event, this.#hasConcurrentTests);
    if (phase !== undefined) this.#watch.enter(phase);
    if (endsPhase(event) && !this.#hasConcurrentTests) this.#watch.leave();
    if (event.name === 'test_start') return this.#beforeTest(event);
    if (event.name === 'run_finish') return this.#finish(state);
  }

  /** Also for a file that did not get as far as its tests. May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#ready?.catch(() => undefined);
      await this.#finish(undefined);
    } finally {
      this.#watch.end();
      takeBackEnvironment();
      await unwatched(async () => this.#giveBack());
    }
  }

  /** Tests that run at the same time share what the first of them found. */
  #beforeTest({ test }: TestEvent): void | Promise<void> {
    if (
      this.#settings.isolation !== 'test' ||
      test?.concurrent === true ||
      test?.mode === 'skip' ||
      test?.mode === 'todo'
    )
      return;
    return unwatched(async () => surviveEviction(this.#watch, async () => this.#worker.reset()));
  }

  async #finish(state: TestState | undefined): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    const leaks = await unwatched(async () => this.#leaks()).catch((error: unknown) => {
      if (state === undefined) throw error;
      // Thrown, it would take the place of what the tests have come to.
      state.unhandledErrors.push([error, undefined]);
      return [];
    });
    if (leaks.length > 0) {
      this.#watch.detach();
      this.#timers.unref();
      if (leaks.some(({ socket }) => socket === null)) this.#watch.unrefStarted();
      this.#report(leaks, state);
    }
    if (state !== undefined) this.#failed = hasFailed(state);
  }

  /** What the file has left open, after a moment for what is just being closed. */
  async #leaks(): Promise<LeakedSession[]> {
    if (!this.#watch.used) return [];
    const { leaks, isolation } = this.#settings;
    if (leaks === 'ignore') {
      if (this.#watch.openSockets().length > 0) this.#timers.unref();
      this.#watch.unrefStarted();
      return [];
    }
    const run = await this.#worker.run();
    const { name } = this.#worker.planned;
    const endsAt = performance.now() + graceMs;
    // A pool's `end()` resolves a moment before its sockets are closed.
    await this.#watch.settle(unaskedMs);
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
      const found = await listLeaks(run, name, this.#watch.openSockets());
      const own = found.filter(({ socket, pid }) => {
        if (socket !== null) return true;
        // Others of the run work on the same database; and what the file has closed is just leaving.
        return isolation !== 'run' && !(pid !== null && this.#watch.hasOpened(pid));
      });
      if (own.length === 0 || performance.now() > endsAt) return own;
      await delay(pauseMs);
    }
  }

  #report(leaks: readonly LeakedSession[], state: TestState | undefined): void {
    const text = describeLeaks(this.#path, leaks, this.#directory);
    if (this.#settings.leaks === 'fail' && state !== undefined) {
      const error = new Error(text);
      // Jest shows the source at the first line of a stack trace; where the leak was found is nobody's concern.
      const lines = leaks.find(({ socket }) => socket !== null)?.socket?.lines ?? [];
      const frames = lines.map(
        ({ name, file, line, column }) => `    at ${name ?? '<anonymous>'} (${file}:${line}:${column})`,
      );
      error.stack = [text, ...(frames.length === 0 ? [noFrame] : frames)].join('\n');
      state.unhandledErrors.push([error, undefined]);
    } else {
      process.stderr.write(`${text}\n`);
    }
  }

  async #giveBack(): Promise<void> {
    if (this.#settings.isolation === 'run') return;
    const { keepFailed } = this.#settings;
    if (this.#failed && keepFailed && this.#watch.used) {
      const kept = await this.#worker.release(true);
      if (kept !== null) {
        process.stderr.write(
          describeKept(relative(this.#directory, this.#path), kept, this.#worker.invitation),
        );
      }
    } else if (this.#worker.invitation.alone === true || (this.#failed && this.#bails)) {
      // Nobody ends the run; Jest 29 bails out without a global teardown.
      await this.#worker.release(false);
    }
  }
}

/** Says, without a password, where the database of a failed test file is. */
function describeKept(file: string, { name, url }: TestDatabase, run: JestRun): string {
  const address = new URL(url);
  address.password = '';
  return `${file} failed. Its database was kept: ${address.href}\n${howLong(name, run)}\n`;
}

function howLong(name: string, { server, watched = false }: JestRun): string {
  if (watched) return "It stays until watch mode ends. The password is that in the tests' DATABASE_URL.";
  return server.kind === 'connection'
    ? `It stays for a week, or until pg-evict drop ${name}, or pg-evict sweep --kept.`
    : 'Its server ends with the run: configure a connection to look into it afterwards, or use --watch.';
}
