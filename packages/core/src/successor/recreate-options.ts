import type { OperationOptions, UndoOptions } from '../contract/options.js';
import type { RemedyOptions } from '../eviction/remove-blockers.js';
import type { DatabaseAccess } from '../exclusive-access/access.js';

/** Options of `recreateDatabase()`. */
export interface RecreateDatabaseOptions
  extends OperationOptions, UndoOptions, Omit<RemedyOptions, 'unsetTemplate'> {
  /**
   * Creates the database if it does not exist.
   * @default false: rejects with `DATABASE_NOT_FOUND`
   */
  readonly ifNotExists?: boolean | undefined;
  /**
   * The database to copy. Other sessions on it are terminated, because PostgreSQL copies only a database without
   * sessions.
   * @default 'template1', or 'template0' where encoding or locale differ from template1's
   */
  readonly template?: string | undefined;
  /** @default the owner of the old database, or of a new one the current role */
  readonly owner?: string | undefined;
  /**
   * Carries owner, encoding, locale, tablespace, privileges, ALTER DATABASE SET, connection limit and comment over to
   * the new database. Settings that the role may not carry over are in the report.
   * @default true
   */
  readonly keepSettings?: boolean | undefined;
  /**
   * Fills the new database before it replaces the old one: migrations, seeds, a restore. It has a private name by then,
   * and the old database is in use as ever. Sessions that are left on it are terminated. An exception is passed on, and
   * the old database stays. The time spent here does not count towards the deadline. If pg-evict's own connections are
   * lost meanwhile, the operation goes on with new ones. If another operation mistakes this one for dead and drops the
   * new database, `signal` fires.
   * @default none: the new database is empty
   */
  readonly fill?: ((access: DatabaseAccess) => Promise<void> | void) | undefined;
  /**
   * Keeps the old database under this name instead of dropping it, with all its settings. Because nothing is dropped,
   * replication slots and subscriptions stay with it and do not block.
   * @default none: the old database is dropped
   */
  readonly keepOldAs?: string | undefined;
}
