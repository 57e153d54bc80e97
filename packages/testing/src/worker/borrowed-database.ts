import type { DatabaseAddress } from '../server/database-address.js';

/** A database that this thread has borrowed, until it releases it or is gone. */
export interface BorrowedDatabase extends DatabaseAddress {
  readonly name: string;
  /**
   * Restores the state of the template now. Idle sessions stay connected while rows are undone; all others are
   * terminated.
   *
   * @throws {@link PgEvictError} `SESSIONS_REMAIN`, `REFUSED` if it was released
   */
  reset(): Promise<void>;
  /** Gives it back. May be called again. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
