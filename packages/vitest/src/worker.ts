import * as worker from '@pg-evict/testing/worker';

// The types are those of @pg-evict/testing, written out, because that package is bundled and a compiler would not find
// it.

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
  /** Its address as a URL, password included. */
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
   * Restores the state of the template now. Idle sessions stay connected while rows are undone; all others are
   * terminated.
   *
   * @throws `PgEvictError` with code `SESSIONS_REMAIN`, or `REFUSED` if it was released
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
 * Restores the test file's own database to the state of the template, now. Idle sessions stay connected while rows are
 * undone. All others are terminated, so close them first, or expect their errors.
 *
 * @throws `PgEvictError` with code `REFUSED` outside of a test file, or `SESSIONS_REMAIN`
 */
export const resetDatabase: () => Promise<void> = worker.resetDatabase;
