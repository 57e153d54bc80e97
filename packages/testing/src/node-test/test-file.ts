import { AsyncResource } from 'node:async_hooks';
import { relative } from 'node:path';
import { nextTurn } from '../captured/clock.js';
import { tell } from '../captured/streams.js';
import { describeLeaks } from '../leaks/describe-leaks.js';
import type { LeakedSession } from '../leaks/inspect-leaks.js';
import { leakError } from '../leaks/leak-error.js';
import type { TimerTrack } from '../leaks/track-timers.js';
import { describeKept } from '../worker/describe-kept.js';
import type { FileDatabase } from '../worker/file-database.js';
import { letGo } from '../worker/let-go.js';
import { mainModuleEvaluated } from './main-module.js';
import { type RunningTest, RunningTests } from './running-tests.js';

/** Loaded by none but the processes of its test files. */
type NodeTest = typeof import('node:test');

/** The name of the test that fails if sessions were left open. */
const title = 'leaves no PostgreSQL session open';

/** The end of a test has this too, from Node 20.12 on. */
interface EndedTest extends RunningTest {
  readonly passed?: boolean | undefined;
}

/** A test file of node:test while it runs, or all of them if one process runs them. */
export class TestFile {
  readonly #node: NodeTest;
  readonly #database: FileDatabase;
  readonly #main: string | null;
  readonly #timers: TimerTrack;
  readonly #running = new RunningTests();
  /** The async context in which the runner treats a hook or a test as one of the root, regardless of the running test. */
  readonly #root = new AsyncResource('pg-evict');
  #leaving: Promise<void> | undefined;
  #failed = false;
  #isOver = false;
  #isReporting = false;

  /** @param main the main module; `null` if the runner loads the files */
  constructor(node: NodeTest, database: FileDatabase, main: string | null, timers: TimerTrack) {
    this.#node = node;
    this.#database = database;
    this.#main = main;
    this.#timers = timers;
  }

  /** Makes the runner report the beginning and the end of tests, and takes care of the end of the file. */
  follow(): void {
    const { after, afterEach, beforeEach } = this.#node;
    beforeEach(async (context) => this.#beginTest(context));
    afterEach((context) => this.#endTest(context));
    // Of all hooks of the root, this is the first; a hook added now comes after those of the file.
    after(() => this.#endLast());
    process.once('beforeExit', () => void this.leave());
  }

  /** Nothing is left to do in this process. May be called again. */
  async leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #beginTest(context: RunningTest): Promise<void> {
    if (this.#isReporting) return;
    if (this.#isOver) {
      this.#isOver = false;
      this.#endLast();
    }
    const { settings, watch } = this.#database;
    watch.enter(this.#running.begin(context));
    // Tests that run at the same time, and those within another, share what the first of them found.
    if (settings.isolation === 'test' && this.#running.count === 1) await this.#database.reset();
  }

  #endTest(context: EndedTest): void {
    if (context.passed === false) this.#failed = true;
    this.#running.end(context);
    if (this.#running.count === 0) this.#database.watch.leave();
  }

  #endLast(): void {
    this.#root.runInAsyncScope(() => this.#node.after(async () => this.#end(), { timeout: Infinity }));
  }

  /** All tests that the runner knows are over, and so are the hooks. */
  async #end(): Promise<void> {
    this.#isOver = true;
    const { settings, watch } = this.#database;
    if (!watch.used) return;
    await mainModuleEvaluated(this.#main);
    await nextTurn();
    await nextTurn();
    if (this.#hasGoneOn()) return;
    const leaks = await this.#database.findLeaks();
    letGo(this.#database, leaks, this.#timers);
    if (leaks.length > 0) await this.#report(leaks);
    // Otherwise the process may go on with work that its tests do not wait for.
    if (leaks.length > 0 || settings.leaks === 'ignore' || forcesExit()) await this.#giveBack();
  }

  /** Whether tests have begun since; the end comes again then. */
  #hasGoneOn(): boolean {
    return !this.#isOver;
  }

  async #report(leaks: readonly LeakedSession[]): Promise<void> {
    const { file, settings } = this.#database;
    const text = describeLeaks(file, leaks, process.cwd(), 'after');
    if (settings.leaks === 'warn') return tell(text);
    this.#failed = true;
    this.#isReporting = true;
    await this.#root.runInAsyncScope(async () =>
      this.#node.test(title, () => {
        throw leakError(text, leaks);
      }),
    );
  }

  async #leave(): Promise<void> {
    try {
      // The runner's own listener is called now, too, and decides whether everything passed.
      await nextTurn();
      await nextTurn();
      await this.#giveBack();
    } catch (error) {
      tell(`pg-evict: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }

  async #giveBack(): Promise<void> {
    const failed = this.#failed || Number(process.exitCode ?? 0) !== 0;
    const { kept } = await this.#database.giveBack({ failed, goesOn: false });
    if (kept === null) return;
    tell(describeKept(relative(process.cwd(), this.#database.file), kept, this.#database));
  }
}

/** Whether the runner ends its processes as soon as the tests are over. */
const forcesExit = (): boolean => process.execArgv.includes('--test-force-exit');
