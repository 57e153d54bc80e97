import { forgetReady, offerReady, withdrawReady } from '../wire/ready-databases.js';
import type { PooledDatabase } from './pooled-database.js';

/** Databases that are ready and have no borrower. Threads may take one by its name before they ask for it. */
export class IdleDatabases {
  readonly #idle = new Set<PooledDatabase>();
  readonly #folder: string | undefined;

  /** @param folder the host's, if threads may take them */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** Adds one. */
  add(pooled: PooledDatabase): void {
    this.#idle.add(pooled);
    if (this.#folder !== undefined) offerReady(this.#folder, pooled.name);
  }

  /** The one that has been idle longest, without those that a thread has taken. */
  take(): PooledDatabase | undefined {
    for (const pooled of this.#idle) {
      if (this.#folder !== undefined && !withdrawReady(this.#folder, pooled.name)) continue;
      this.#idle.delete(pooled);
      return pooled;
    }
    return undefined;
  }

  /** Removes one that is requested by its name, if it is there. */
  remove(pooled: PooledDatabase): void {
    if (this.#idle.delete(pooled) && this.#folder !== undefined) forgetReady(this.#folder, pooled.name);
  }
}
