import { acquireDatabase } from '../database/acquire-database.js';
import { releaseDatabase } from '../database/release-database.js';
import { renameTestDatabase } from '../database/rename-database.js';
import { resetDatabase } from '../database/reset-database.js';
import type { TestDatabase } from '../database/test-database.js';
import type { TestRun } from '../database/test-run.js';

/** A borrower: a worker's connection. */
export interface Borrower {
  /** In words, for messages: `pid 4711`. */
  readonly who: string;
}

/** How long sessions that a worker has just closed may take to go. */
const graceMs = 100;

/** A database that workers borrow one after the other. */
export class PooledDatabase {
  /** Its borrower; `null` while it has none. */
  holder: Borrower | null;
  /** Whether it is only meant for its holder's next file. */
  reserved = false;
  readonly #run: TestRun;
  #database: TestDatabase;
  #ready: Promise<void> = Promise.resolve();

  constructor(run: TestRun, database: TestDatabase, holder: Borrower | null) {
    this.#run = run;
    this.#database = database;
    this.holder = holder;
  }

  /** Another one after a change that failed. */
  get database(): TestDatabase {
    return this.#database;
  }

  get name(): string {
    return this.#database.name;
  }

  /** Settles when it has the content of the template. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Whether a borrower uses it. */
  isLentTo(borrower: Borrower): boolean {
    return this.holder === borrower && !this.reserved;
  }

  /** Lends it, or only its name for the borrower's next file. */
  lend(borrower: Borrower, reserved = false): void {
    this.holder = borrower;
    this.reserved = reserved;
  }

  /** It has no borrower any more. */
  takeBack(): void {
    this.holder = null;
    this.reserved = false;
  }

  /** Resets it, or makes another one under its name if that cannot be done. */
  restore(): Promise<void> {
    const database = this.#database;
    this.#ready = resetDatabase(database, { graceMs })
      .then(() => undefined)
      .catch(async () => this.#replace(database.name));
    return this.#ready;
  }

  /** Renames it, or makes another one under that name if that cannot be done: sessions may be on it. */
  rename(name: string): Promise<void> {
    this.#ready = renameTestDatabase(this.#run, this.#database, name)
      .then((renamed) => void (this.#database = renamed))
      .catch(async () => this.#replace(name));
    return this.#ready;
  }

  async #replace(name: string): Promise<void> {
    await releaseDatabase(this.#database);
    this.#database = await acquireDatabase(this.#run, { name });
  }
}
