import type { AdvisoryLock } from './advisory-locks.js';
import type { DatabaseAddress } from './test-environment.js';
import { copyTemplate } from './copy-template.js';
import { dropOwn } from './drop-own.js';
import { Memory } from './memory.js';
import { addressOf } from './test-environment.js';
import type { TestRun } from './test-run.js';
import { whileRunLives } from './while-run-lives.js';

/** A worker's database, which holds what the template holds whenever it was acquired or reset. */
export class TestDatabase implements DatabaseAddress {
  readonly name: string;
  readonly url: string;
  readonly connection: DatabaseAddress['connection'];
  readonly environment: Readonly<Record<string, string>>;
  /** @internal */
  readonly run: TestRun;
  #memory: Memory | undefined;

  /** @internal */
  constructor(run: TestRun, name: string) {
    const { connection, environment, url } = addressOf(run.server, name);
    this.run = run;
    this.name = name;
    this.url = url;
    this.connection = connection;
    this.environment = environment;
  }

  /**
   * Says that somebody works with it.
   *
   * @internal
   */
  get lock(): AdvisoryLock {
    return { kind: 'database', of: this.name, shared: false };
  }

  /**
   * What is remembered of it.
   *
   * @internal
   */
  async memory(): Promise<Memory> {
    if (this.#memory === undefined || this.#memory.session.lost) {
      throw new Error('our own session on it is gone, so nobody knows what was done');
    }
    return Promise.resolve(this.#memory);
  }

  /**
   * Remembers what it contains now: just after it was copied.
   *
   * @internal
   */
  async remember(): Promise<void> {
    this.#memory = await Memory.of(this.run, this.name);
  }

  /**
   * Leaves it.
   *
   * @internal
   */
  async forget(): Promise<void> {
    const memory = this.#memory;
    this.#memory = undefined;
    await memory?.session.close();
  }

  /**
   * Makes a new copy in its place.
   *
   * @internal
   */
  async replace(): Promise<void> {
    await this.forget();
    await dropOwn(this.run.control, this.run.server.target, this.name);
    await whileRunLives(this.run, async () => copyTemplate(this.run, this.name));
    await this.remember();
  }
}
