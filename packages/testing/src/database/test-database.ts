import { CopyState, type SnapshotOwner } from '../reset/compare.js';
import { addressOf, type DatabaseAddress } from '../server/database-address.js';
import { dropTestDatabase } from '../server/drop-database.js';
import type { AdvisoryLock } from '../session/advisory-locks.js';
import { copyTemplate, unlessEnding } from './copy-template.js';
import type { MaintenanceOf } from './copy-template.js';

/** A run, as far as its databases are concerned. */
export interface OwningRun extends SnapshotOwner, MaintenanceOf {
  readonly databases: { delete(database: TestDatabase): boolean };
}

/** A worker's database, which has the content of the template whenever it was acquired or reset. */
export class TestDatabase implements DatabaseAddress {
  readonly name: string;
  readonly url: string;
  readonly connection: DatabaseAddress['connection'];
  readonly environment: Readonly<Record<string, string>>;
  /** @internal */
  readonly run: OwningRun;
  #memory: CopyState | undefined;

  /** @internal */
  constructor(run: OwningRun, name: string) {
    const { connection, environment, url } = addressOf(run.server, name);
    this.run = run;
    this.name = name;
    this.url = url;
    this.connection = connection;
    this.environment = environment;
  }

  /**
   * The lock that shows that the database is in use.
   *
   * @internal
   */
  get lock(): AdvisoryLock {
    return { kind: 'database', of: this.name, shared: false };
  }

  /**
   * The original state of the copy.
   *
   * @internal
   */
  async memory(): Promise<CopyState> {
    if (this.#memory === undefined || this.#memory.session.lost) {
      throw new Error('our own session on it is gone, so its changes are unknown');
    }
    return Promise.resolve(this.#memory);
  }

  /**
   * Remembers its present state: just after it was copied.
   *
   * @internal
   */
  async remember(): Promise<void> {
    this.#memory = await CopyState.of(this.run, this.name);
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
   * Replaces it by a new copy.
   *
   * @internal
   */
  async replace(): Promise<void> {
    await this.forget();
    await dropTestDatabase(this.run.control, this.run.server.target, this.name);
    await unlessEnding(this.run, async () => copyTemplate(this.run, this.name));
    await this.remember();
  }
}
