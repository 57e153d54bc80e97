import { PgEvictError } from '@pg-evict/core';
import { acquireDatabase } from '../database/acquire-database.js';
import { releaseDatabase } from '../database/release-database.js';
import { resetDatabase, type ResetReport } from '../database/reset-database.js';
import type { TestDatabase } from '../database/test-database.js';
import type { TestRun } from '../database/test-run.js';
import { BackgroundWork } from './background-work.js';
import { IdleDatabases } from './idle-databases.js';
import { type Borrower, PooledDatabase } from './pooled-database.js';

/** A borrower for whom there is no database yet. */
interface Waiter {
  readonly borrower: Borrower;
  readonly name: string | undefined;
  readonly resolve: (database: TestDatabase) => void;
  readonly reject: (error: unknown) => void;
  gone: boolean;
}

/**
 * The databases of one template, which workers borrow. There are never more than are requested at once, beside those
 * that are being reset. A database that is given back is reset in the background; one that was not used is lent again
 * as it is.
 */
export class DatabasePool {
  readonly #run: TestRun;
  readonly #all = new Set<PooledDatabase>();
  readonly #idle: IdleDatabases;
  readonly #waiting: Waiter[] = [];
  readonly #making = new Set<Waiter>();
  readonly #work = new BackgroundWork();
  /** Without a borrower, and being reset. */
  #returning = 0;
  /** Nobody's, and being made in advance. */
  #warming = 0;
  #closed = false;

  /** @param folder that of the host, if threads may take databases that are ready: see `takeReady()` */
  constructor(run: TestRun, folder?: string) {
    this.#run = run;
    this.#idle = new IdleDatabases(folder);
  }

  /** Makes this many in advance, in the background. */
  warm(count: number): void {
    for (let n = 0; n < count; n += 1) this.#work.begin(this.#warm());
  }

  /**
   * Lends a database. One that was named for the borrower's next file is lent under that name; else one that is ready
   * gets the name that is proposed, or is made under it.
   *
   * @param waits called with the reason for a long wait
   * @throws {@link PgEvictError} `REFUSED` if a database of that name is in use; the errors of {@link acquireDatabase}
   */
  async borrow(
    borrower: Borrower,
    name: string | undefined,
    waits: (why: string) => void,
  ): Promise<TestDatabase> {
    if (this.#closed) throw runIsOver();
    const known = name === undefined ? undefined : this.#named(name);
    if (known !== undefined) return this.#lendKnown(known, borrower, waits);
    const idle = this.#idle.take();
    if (idle !== undefined) {
      idle.lend(borrower);
      return this.#work.tracked(this.#underName(idle, name));
    }
    waits(this.#returning > 0 ? 'a database is being reset' : 'a copy of the template is being made');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ borrower, name, resolve, reject, gone: false });
      this.#fill();
    });
  }

  /**
   * Takes a database back, and resets it in the background.
   *
   * @param next whether to name the borrower's next database; `same`, whether to name this one
   * @returns the name of the next one, if there is one; and the database that was kept, if requested
   */
  async giveBack(
    borrower: Borrower,
    name: string,
    { used, keep, next }: { used: boolean; keep: boolean; next: 'none' | 'any' | 'same' },
  ): Promise<{ next: string | null; kept: TestDatabase | null }> {
    const pooled = this.#lentTo(borrower, name);
    if (keep) {
      this.#all.delete(pooled);
      const kept = await this.#work.tracked(releaseDatabase(pooled.database, { keep }));
      this.#fill();
      return { next: null, kept };
    }
    const other = next === 'any' && used ? this.#idle.take() : undefined;
    if (next === 'none' || other !== undefined) this.#takeBack(pooled, used);
    else {
      pooled.reserved = true;
      if (used) this.#restore(pooled);
    }
    other?.lend(borrower, true);
    return { next: next === 'none' ? null : (other ?? pooled).name, kept: null };
  }

  /** Restores a lent database to the state of the template, while its borrower goes on. */
  async reset(borrower: Borrower, name: string, sessionGraceMs: number): Promise<ResetReport> {
    if (this.#closed) throw runIsOver();
    const { database } = this.#lentTo(borrower, name);
    return this.#work.tracked(resetDatabase(database, { graceMs: sessionGraceMs, keepIdle: true }));
  }

  /** Takes back the databases of a borrower that is gone. */
  leave(borrower: Borrower): void {
    for (const waiter of [...this.#waiting, ...this.#making]) {
      if (waiter.borrower === borrower) waiter.gone = true;
    }
    for (const pooled of this.#all) {
      if (pooled.holder === borrower) this.#takeBack(pooled, !pooled.reserved);
    }
  }

  /** Whether a database of this name is lent. */
  has(name: string): boolean {
    return this.#named(name) !== undefined;
  }

  /** Lends no more, and waits for work in progress. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(runIsOver());
    await this.#work.settled();
  }

  async #warm(): Promise<void> {
    this.#warming += 1;
    try {
      const database = await acquireDatabase(this.#run);
      this.#offer(this.#add(database, null));
    } finally {
      this.#warming -= 1;
      // Where none could be made, whoever waits for it has another made, and hears why that cannot be.
      this.#fill();
    }
  }

  async #lendKnown(
    pooled: PooledDatabase,
    borrower: Borrower,
    waits: (why: string) => void,
  ): Promise<TestDatabase> {
    const { holder, name, reserved } = pooled;
    if (holder !== null && (holder !== borrower || !reserved)) {
      throw new PgEvictError('REFUSED', `Database "${name}" is lent to ${holder.who}.`, {
        database: name,
        hint: 'Propose a name that is not in use, or none.',
      });
    }
    this.#idle.remove(pooled);
    pooled.lend(borrower);
    waits('its database is being reset');
    await pooled.ready;
    return pooled.database;
  }

  #takeBack(pooled: PooledDatabase, used: boolean): void {
    pooled.takeBack();
    if (used) this.#restore(pooled);
    this.#returning += 1;
    const offer = (): void => {
      this.#returning -= 1;
      // A process that has the same pid may have requested it by its name.
      if (pooled.holder === null && this.#all.has(pooled)) this.#offer(pooled);
      this.#fill();
    };
    this.#work.begin(pooled.ready.then(offer, offer));
  }

  #restore(pooled: PooledDatabase): void {
    // The end of the run drops it, and could miss one that is made in its place.
    if (this.#closed) return;
    this.#work.begin(
      pooled.restore().catch(() => {
        this.#all.delete(pooled);
      }),
    );
  }

  #offer(pooled: PooledDatabase): void {
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift()) {
      if (waiter.gone) continue;
      pooled.lend(waiter.borrower);
      this.#work.begin(this.#underName(pooled, waiter.name).then(waiter.resolve, waiter.reject));
      return;
    }
    this.#idle.add(pooled);
  }

  /** Makes sure that every waiting borrower gets a database: one that is being reset or made, or else a new one. */
  #fill(): void {
    const waiting = this.#waiting.filter(({ gone }) => !gone);
    for (const waiter of waiting.slice(0, Math.max(0, waiting.length - this.#returning - this.#warming))) {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      this.#making.add(waiter);
      this.#work.begin(this.#makeFor(waiter));
    }
  }

  async #makeFor(waiter: Waiter): Promise<void> {
    try {
      const database = await acquireDatabase(this.#run, { name: waiter.name });
      const pooled = this.#add(database, waiter.borrower);
      if (waiter.gone) this.#takeBack(pooled, false);
      else waiter.resolve(database);
    } catch (error) {
      waiter.reject(error);
    } finally {
      this.#making.delete(waiter);
    }
  }

  async #underName(pooled: PooledDatabase, name = pooled.name): Promise<TestDatabase> {
    if (name !== pooled.name) {
      await pooled.rename(name).catch((error: unknown) => {
        this.#all.delete(pooled);
        throw error;
      });
    }
    // Its borrower may be gone meanwhile.
    return pooled.database;
  }

  #add(database: TestDatabase, holder: Borrower | null): PooledDatabase {
    const pooled = new PooledDatabase(this.#run, database, holder);
    this.#all.add(pooled);
    return pooled;
  }

  #named(name: string): PooledDatabase | undefined {
    return [...this.#all].find((pooled) => pooled.name === name);
  }

  #lentTo(borrower: Borrower, name: string): PooledDatabase {
    const pooled = this.#named(name);
    if (pooled?.isLentTo(borrower) === true) return pooled;
    throw new PgEvictError('REFUSED', `Database "${name}" is not lent to ${borrower.who}.`, {
      database: name,
    });
  }
}

function runIsOver(): PgEvictError {
  return new PgEvictError('REFUSED', 'The process that started the test run has ended it.');
}
