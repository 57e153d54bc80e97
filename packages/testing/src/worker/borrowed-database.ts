import type { DatabaseAddress } from '../server/database-address.js';

/** A database that this thread has borrowed, until it releases it or is gone. */
export interface BorrowedDatabase extends DatabaseAddress {
  readonly name: string;
  /**
   * Makes it what the template is, now. Sessions that are idle stay connected where rows are put back, all others are
   * ended.
   *
   * @throws {@link PgEvictError} `SESSIONS_REMAIN`, `REFUSED` where it was released
   */
  reset(): Promise<void>;
  /** Gives it back. May be called again. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
