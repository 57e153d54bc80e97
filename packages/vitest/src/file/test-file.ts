import { relative } from 'node:path';
import { describeKept, describeLeaks, type FileDatabase, leakError, tell } from '@pg-evict/testing/worker';
import type { RunnerTask, RunnerTestFile } from 'vitest';
import type { FileHooks } from './hooks.js';
import { hasFailed, titleOf } from './tasks.js';

/** A test file while it runs, whose database is its own. */
export class TestFile implements FileHooks {
  readonly path: string;
  readonly database: FileDatabase;
  /** Whether the setup file has claimed it. */
  isClaimed = false;
  isOver = false;
  #file: RunnerTestFile | undefined;

  constructor(path: string, database: FileDatabase) {
    this.path = path;
    this.database = database;
    database.watch.enter('while the file was loaded');
  }

  readonly start = (): void => {
    this.database.watch.enter('during a hook of the file');
  };

  readonly run = <T>(callback: () => T): T => this.database.watch.run(callback);

  readonly beforeTest = async (test: RunnerTask): Promise<void> => {
    this.#file = test.file;
    const { settings, watch } = this.database;
    const isConcurrent = test.concurrent === true;
    if (settings.isolation === 'test' && !isConcurrent) await this.database.reset();
    watch.enter(isConcurrent ? 'while tests ran at the same time' : `during "${titleOf(test)}"`);
  };

  readonly afterTest = (): void => {
    const { watch } = this.database;
    watch.leave();
    watch.enter('during a hook of the file');
  };

  readonly finish = async (): Promise<void> => {
    this.isOver = true;
    const { settings, watch } = this.database;
    const leaks = await this.database.findLeaks();
    if (leaks.length > 0) watch.detach();
    const fails = leaks.length > 0 && settings.leaks === 'fail';
    const { kept } = await this.database.giveBack({ failed: fails || this.#hasFailed, goesOn: false });
    if (kept !== null) tell(describeKept(relative(process.cwd(), this.path), kept, this.database));
    if (leaks.length === 0) return;
    const text = describeLeaks(this.path, leaks);
    if (fails) throw leakError(text, leaks);
    tell(text);
  };

  /** If no test was reached, a hook has failed. */
  get #hasFailed(): boolean {
    return this.#file === undefined || hasFailed(this.#file);
  }
}
