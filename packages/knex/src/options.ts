import type { OperationOptions } from '@pg-evict/core';
import type { TargetOptions } from './target.js';

/** Options of {@link withPgEvict}. */
export interface PgEvictKnexOptions
  extends Pick<OperationOptions, 'timeoutMs' | 'graceMs' | 'keep'>, TargetOptions {
  /**
   * Ends the other sessions on a database before DROP DATABASE, ALTER DATABASE … RENAME TO or SET TABLESPACE, and
   * CREATE DATABASE … TEMPLATE reach the server.
   * @default true
   */
  readonly evict?: boolean | undefined;
  /**
   * Creates the configured database when a connection finds that it does not exist. Needs CREATEDB.
   * @default false
   */
  readonly ensureDatabase?: boolean | undefined;

  /**
   * Under a test runner that gives each test file a database of its own (`@pg-evict/jest`), connects there instead of
   * where the configuration says. Turn it off for a second database that tests are to share.
   * @default true
   */
  readonly followsTests?: boolean | undefined;
}
