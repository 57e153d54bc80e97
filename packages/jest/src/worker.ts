import * as worker from '@pg-evict/testing/worker';

// Their types are those of @pg-evict/testing, written out: that package is in the bundle, where no compiler finds it.

/** Options of {@link borrowDatabase}. */
export interface BorrowDatabaseOptions {
  /**
   * The name of another template: one of `testing.templates` of the configuration.
   * @default testing.template
   */
  readonly template?: string | undefined;
  /**
   * Whether the database is to be empty, as CREATE DATABASE makes it.
   * @default false
   */
  readonly empty?: boolean | undefined;
}

/** A database that the test file has borrowed, until it releases it or ends. */
export interface BorrowedDatabase {
  readonly name: string;
  /** How to reach it, as a URL, password included. */
  readonly url: string;
  /** Settings for node-postgres. */
  readonly connection: {
    readonly connectionString?: string | undefined;
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly user?: string | undefined;
    readonly password?: string | (() => string | Promise<string>) | undefined;
    readonly database: string;
    readonly ssl?: boolean | object | undefined;
    readonly options?: string | undefined;
    readonly connectionTimeoutMillis?: number | undefined;
    readonly application_name?: string | undefined;
  };
  /** `DATABASE_URL`, `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE` and the variables for TLS. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Makes it what the template is, now. Sessions that are idle stay connected where rows are put back, all others are
   * ended.
   *
   * @throws `PgEvictError` with code `SESSIONS_REMAIN`, or `REFUSED` where it was released
   */
  reset(): Promise<void>;
  /** Gives it back. May be called again. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Borrows one more database: a copy of the template for this caller alone. It is given back by its `release()`, at the
 * end of the test file at the latest. A session that is left on it then is a leak of the file.
 *
 * ```ts
 * const shadow = await borrowDatabase({ empty: true });
 * const pool = new Pool({ connectionString: shadow.url });
 * ```
 *
 * @throws `PgEvictError` with code `CONFIG_INVALID` if no run was begun, or the configuration has no such template;
 * `CONNECTION_FAILED` if the host is gone; `TIMEOUT`
 */
export const borrowDatabase: (options?: BorrowDatabaseOptions) => Promise<BorrowedDatabase> =
  worker.borrowDatabase;

/**
 * Makes the test file's own database what the template is, now. Sessions that are idle stay connected where rows are put
 * back; all others are ended, so end or expect that.
 *
 * @throws `PgEvictError` with code `REFUSED` outside of a test file, or `SESSIONS_REMAIN`
 */
export const resetDatabase: () => Promise<void> = worker.resetDatabase;
