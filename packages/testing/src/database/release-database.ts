import { renameDatabase } from '@pg-evict/core';
import { unwatched } from '../leaks/watch-sockets.js';
import { commentStatement, keptComment } from '../names/database-comments.js';
import { keptDatabaseName } from '../names/database-names.js';
import { dropTestDatabase } from '../server/drop-database.js';
import { letSessionsLeave } from './let-sessions-leave.js';
import { TestDatabase } from './test-database.js';

/** Options of {@link releaseDatabase}. */
export interface ReleaseOptions {
  /**
   * Keeps the database under a name of its own instead of dropping it, so that a person can look into it. It stays
   * until `pg-evict sweep --kept` is run, or for a week.
   * @default false
   */
  readonly keep?: boolean | undefined;
  /**
   * How long dropping it may wait for another session's lock, in milliseconds.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * Gives a database back: terminates its sessions and drops it, or keeps it aside.
 *
 * @returns the database that was kept, `null` if it was dropped
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `SESSIONS_REMAIN`, `BLOCKED`
 */
export async function releaseDatabase(
  database: TestDatabase,
  { keep = false, timeoutMs }: ReleaseOptions = {},
): Promise<TestDatabase | null> {
  return unwatched(async () => {
    const { run, name } = database;
    await database.forget();
    let kept: TestDatabase | null = null;
    if (keep) {
      kept = new TestDatabase(run, keptDatabaseName(name));
      await renameDatabase({ ...run.server.target, database: name }, kept.name, { rollbackPrepared: true });
      await run.control.query(commentStatement(kept.name, keptComment(new Date())));
    } else {
      await letSessionsLeave(run.control, name);
      await dropTestDatabase(run.control, run.server.target, name, timeoutMs);
    }
    await run.control.release(database.lock);
    run.databases.delete(database);
    return kept;
  });
}
