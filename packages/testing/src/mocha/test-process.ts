import { relative } from 'node:path';
import { tell } from '../captured/streams.js';
import { describeLeaks } from '../leaks/describe-leaks.js';
import type { LeakedSession } from '../leaks/inspect-leaks.js';
import { leakError } from '../leaks/leak-error.js';
import type { TimerTrack } from '../leaks/track-timers.js';
import { describeKept } from '../worker/describe-kept.js';
import type { FileDatabase } from '../worker/file-database.js';
import { letGo } from '../worker/let-go.js';
import { hasFailed } from './failed-file.js';
import type { MochaProcess } from './mocha-process.js';
import type { RootHooks, Suite } from './mocha-types.js';

/** Of hooks of ours, as Mocha shows them. */
const title = 'pg-evict';

/** A process of Mocha that runs test files, one after the other, on the one database that it has. */
export class TestProcess {
  readonly #process: MochaProcess;
  readonly #database: FileDatabase;
  readonly #timers: TimerTrack;
  /** Sessions that were reported: backends, or else sockets. */
  readonly #told = new Set<unknown>();
  /** The file that runs. */
  #file: string | undefined;

  constructor(process: MochaProcess, database: FileDatabase, timers: TimerTrack) {
    this.#process = process;
    this.#database = database;
    this.#timers = timers;
  }

  /** The hooks of the root, which come before those of the project. */
  rootHooks(): RootHooks {
    // Mocha calls them with a context of its own as `this`.
    const begin = async (root: Suite): Promise<void> => this.#begin(root);
    const beginTest = async (file: string | undefined, name: string): Promise<void> =>
      this.#beginTest(file, name);
    const { watch } = this.#database;
    return {
      async beforeAll() {
        this.timeout(0);
        await begin(this.test.parent);
      },
      async beforeEach() {
        this.timeout(0);
        const { currentTest } = this;
        if (currentTest !== undefined) await beginTest(currentTest.file, currentTest.fullTitle());
      },
      async afterEach() {
        watch.leave();
        return Promise.resolve();
      },
    };
  }

  /** All files are loaded, and nothing has run. */
  async #begin(root: Suite): Promise<void> {
    const enter = async (file: string | undefined): Promise<void> => this.#enter(file);
    const end = async (): Promise<void> => this.#end(root);
    this.#file = undefined;
    for (const suite of root.suites) {
      suite.beforeAll(title, async function enterFile() {
        this.timeout(0);
        await enter(suite.file);
      });
      // Before those of the suite.
      const { _beforeAll: hooks } = suite;
      const hook = hooks.pop();
      if (hook !== undefined) hooks.unshift(hook);
    }
    // After those of the project.
    root.afterAll(title, async function endFiles() {
      this.timeout(0);
      await end();
    });
    await this.#database.ready();
  }

  async #enter(file: string | undefined): Promise<void> {
    if (file === this.#file) return;
    const before = this.#file;
    this.#file = file;
    const { settings, watch } = this.#database;
    if (settings.isolation !== 'run') await this.#database.reset(before);
    watch.enter(file === undefined ? null : `during a hook of ${relative(process.cwd(), file)}`);
  }

  async #beginTest(file: string | undefined, name: string): Promise<void> {
    await this.#enter(file);
    const { settings, watch } = this.#database;
    watch.enter(`during "${name}"`);
    if (settings.isolation === 'test') await this.#database.reset();
  }

  /** All files of this process are over, or with `--parallel` one is. */
  async #end(root: Suite): Promise<void> {
    const { isWatching, isWorker } = this.#process;
    const database = this.#database;
    const { settings } = database;
    const leaks = this.#untold(await database.findLeaks());
    // Otherwise modules that stay loaded keep using their open connections, and Mocha ends the process itself.
    if (!isWorker && !isWatching) letGo(database, leaks, this.#timers);
    const failed = hasFailed(root, this.#file) || (leaks.length > 0 && settings.leaks === 'fail');
    if (!isWorker && !isWatching) await this.#giveBack(failed);
    if (leaks.length === 0) return;
    const label = isWorker && this.#file !== undefined ? this.#file : database.file;
    const text = describeLeaks(label, leaks, process.cwd(), 'after');
    if (settings.leaks === 'fail') throw leakError(text, leaks);
    tell(text);
  }

  /** Those that no file of this process was told of before: idle ones stay connected from file to file. */
  #untold(leaks: readonly LeakedSession[]): LeakedSession[] {
    const found = leaks.filter(({ pid, socket }) => !this.#told.has(pid ?? socket));
    for (const { pid, socket } of found) this.#told.add(pid ?? socket);
    return found;
  }

  async #giveBack(failed: boolean): Promise<void> {
    const { kept } = await this.#database.giveBack({ failed, goesOn: false });
    if (kept === null) return;
    tell(describeKept(relative(process.cwd(), this.#file ?? ''), kept, this.#database));
  }
}
