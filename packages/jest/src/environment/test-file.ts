import { relative } from 'node:path';
import {
  borrowForFile,
  describeKept,
  describeLeaks,
  knownProjects,
  leakError,
  letGo,
  type FileDatabase,
  type LeakedSession,
  readFileSettings,
  tell,
  type TimerTrack,
  trackTimers,
} from '@pg-evict/testing/worker';
import { ensureHost } from '../run/ensure-host.js';
import { endWithParent } from '../run/end-with-parent.js';
import { lendEnvironment, takeBackEnvironment } from '../run/process-variables.js';
import { withoutFrames } from '../run/without-frames.js';
import type { EnvironmentConfig, EnvironmentContext, TestEvent, TestState } from './jest-types.js';
import { configurationFileOf } from '../run/jest-configuration.js';
import { endsPhase, hasConcurrentTests, hasFailed, phaseOf } from './phases.js';

/** If a stack trace has no line, Jest mistakes the text for one and shows it again; it leaves this line out. */
const noFrame = '    at <anonymous>:0:0';

/** A test file while it runs: its variables, its database, and the sessions it leaves open. */
export class TestFile {
  readonly #path: string;
  readonly #directory: string;
  readonly #bails: boolean;
  readonly #database: FileDatabase;
  readonly #timers: TimerTrack;
  #failed = true;
  #hasConcurrentTests = false;
  #finished = false;
  #closed = false;

  /** Creates nothing: if a setup file throws, nothing would clean it up. */
  constructor(
    { globalConfig, projectConfig }: EnvironmentConfig,
    { testPath }: EnvironmentContext,
    global: object,
  ) {
    const { rootDir, testEnvironmentOptions } = projectConfig;
    // Those of a file whose setup files failed may still be there.
    takeBackEnvironment();
    endWithParent();
    this.#path = testPath;
    this.#directory = rootDir;
    this.#bails = globalConfig.bail > 0;
    ensureHost(rootDir);
    const directory = configurationFileOf(projectConfig, knownProjects()) ?? rootDir;
    const settings = readFileSettings(testEnvironmentOptions['pgEvict'], 'testEnvironmentOptions.pgEvict');
    this.#database = borrowForFile({ file: testPath, directory, global, sandboxed: true, settings });
    const { env } = (global as { process: { env: NodeJS.ProcessEnv } }).process;
    this.#database.setVariables(env);
    lendEnvironment((own) => this.#database.setVariables(own));
    this.#timers = trackTimers(global);
    this.#database.watch.enter('while the file was loaded');
  }

  /** Begins a test file. @throws PgEvictError such as `CONFIG_INVALID` */
  static begin(...parameters: ConstructorParameters<typeof TestFile>): TestFile {
    try {
      return new TestFile(...parameters);
    } catch (error) {
      throw withoutFrames(error, `\n${noFrame}`);
    }
  }

  /** Starts to get the database, and waits until it is ready; may be called again by later waiters. */
  async ready(): Promise<void> {
    try {
      await this.#database.ready();
    } catch (error) {
      await this.#unlessBailing(error);
      throw withoutFrames(error, `\n${noFrame}`);
    }
  }

  /** Follows what jest-circus does. */
  handle(event: TestEvent, state: TestState): void | Promise<void> {
    if (event.name === 'run_start') this.#hasConcurrentTests = hasConcurrentTests(state.rootDescribeBlock);
    const phase = phaseOf(event, this.#hasConcurrentTests);
    const { watch } = this.#database;
    if (phase !== undefined) watch.enter(phase);
    if (endsPhase(event) && !this.#hasConcurrentTests) watch.leave();
    if (event.name === 'test_start') return this.#beforeTest(event);
    if (event.name === 'run_finish') return this.#finish(state);
  }

  /** Also for a file that did not get as far as its tests. May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#finish(undefined);
    } finally {
      takeBackEnvironment();
      const { kept } = await this.#database
        .giveBack({ failed: this.#failed })
        .catch(async (error: unknown) => {
          await this.#unlessBailing(error);
          throw error;
        });
      if (kept !== null) tell(describeKept(relative(this.#directory, this.#path), kept, this.#database));
    }
  }

  /**
   * If the run was ended because Jest bails out, Jest is about to end this process: the file must not count as failed.
   */
  async #unlessBailing(error: unknown): Promise<void> {
    if (this.#bails && isOfEnd(error)) await new Promise(() => undefined);
  }

  /** Concurrent tests share the database that the first of them found. */
  #beforeTest({ test }: TestEvent): void | Promise<void> {
    if (
      this.#database.settings.isolation !== 'test' ||
      test?.concurrent === true ||
      test?.mode === 'skip' ||
      test?.mode === 'todo'
    )
      return;
    return this.#database.reset().then(() => undefined);
  }

  async #finish(state: TestState | undefined): Promise<void> {
    if (this.#finished) return;
    this.#finished = true;
    const leaks = await this.#database.findLeaks().catch(async (error: unknown) => {
      await this.#unlessBailing(error);
      if (state === undefined) throw error;
      // Thrown, it would replace the results of the tests.
      state.unhandledErrors.push([error, undefined]);
      return [];
    });
    letGo(this.#database, leaks, this.#timers);
    this.#timers.stop();
    if (leaks.length > 0) this.#report(leaks, state);
    if (state !== undefined) this.#failed = hasFailed(state);
  }

  #report(leaks: readonly LeakedSession[], state: TestState | undefined): void {
    const text = describeLeaks(this.#path, leaks, this.#directory);
    if (this.#database.settings.leaks === 'fail' && state !== undefined) {
      state.unhandledErrors.push([leakError(text, leaks, noFrame), undefined]);
    } else {
      tell(text);
    }
  }
}

/** Whether it says that the run has been ended. */
function isOfEnd(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown };
  return code === 'CONNECTION_FAILED' || code === 'REFUSED';
}
