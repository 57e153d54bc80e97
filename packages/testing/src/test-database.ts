/** A database for tests that pg-evict made, and how to reach it. */
export interface TestDatabase {
  readonly name: string;
  /** As a URL, password included. */
  readonly url: string;
}
