import type { Settings } from '../contract/setting-arguments.js';

/** Options of a server that runs in a container: of Docker, Podman or another engine that testcontainers finds. */
export interface TestcontainersServerOptions {
  readonly kind: 'testcontainers';
  /**
   * The image: the official `postgres`, or one made from it (postgis, pgvector, timescaledb …). It is pulled if the
   * engine does not have it.
   *
   * @default `postgres:18-alpine`, with `version` for 18
   */
  readonly image?: string;
  /**
   * The major version of PostgreSQL, for the default image; not together with `image`.
   *
   * @default 18
   */
  readonly version?: number;
  /**
   * The folder from which testcontainers is looked up, like a `require` in that folder would. Packages installed beside
   * `@pg-evict/server` are found as well.
   *
   * @default process.cwd()
   */
  readonly from?: string;
  /**
   * Settings of postgresql.conf, such as `{ max_connections: 500 }`. They override the settings for speed (`fsync`,
   * `synchronous_commit` and `full_page_writes` are off).
   */
  readonly settings?: Settings;
  /**
   * Keeps the data in memory, on a tmpfs. With false it is in the image's own place, on the engine's disk.
   *
   * @default true
   */
  readonly tmpfs?: boolean;
  /**
   * Leaves the container running when it is stopped and when this process ends. The next start with the same image,
   * settings and `tmpfs` uses it again, with its databases. `TESTCONTAINERS_REUSE_ENABLE=false` turns it off.
   *
   * @default false
   */
  readonly reuse?: boolean;
  /**
   * How long the start may take, pulling the image not included.
   *
   * @default 60_000
   */
  readonly startTimeoutMs?: number;
  /** Gives up the start when it is aborted; has no effect on a running server. */
  readonly signal?: AbortSignal;
}
