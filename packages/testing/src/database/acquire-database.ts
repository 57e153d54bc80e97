import { unwatched } from '../leaks/watch-sockets.js';
import { testDatabaseName } from '../names/database-names.js';
import { dropTestDatabase } from '../server/drop-database.js';
import { failureOf } from '../session/error.js';
import { copyTemplate, unlessEnding } from './copy-template.js';
import { TestDatabase } from './test-database.js';
import type { TestRun } from './test-run.js';

/** Options of {@link acquireDatabase}. */
export interface AcquireOptions {
  /**
   * The name that {@link planDatabase} gave.
   * @default one that no other has
   */
  readonly name?: string | undefined;
}

/**
 * Creates a database for this worker: a private copy of the run's template. It is kept for as many test files as the
 * worker runs; {@link resetDatabase} between them, {@link releaseDatabase} at the end. A database that is not released
 * is dropped when the run ends, or swept later.
 *
 * @throws {@link PgEvictError} `CONNECTION_FAILED`, `PERMISSION_DENIED`, `REFUSED` if the run has been ended, `BLOCKED`
 * if a crash of the server has emptied the template's unlogged tables, `UNEXPECTED` (disk full, …)
 */
export async function acquireDatabase(
  run: TestRun,
  { name = testDatabaseName(run.id) }: AcquireOptions = {},
): Promise<TestDatabase> {
  return unwatched(async () => {
    const database = new TestDatabase(run, name);
    await run.control.hold(database.lock);
    try {
      await unlessEnding(run, async () => copyTemplate(run, database.name));
      await database.remember();
      run.databases.add(database);
      return database;
    } catch (error) {
      await dropTestDatabase(run.control, run.server.target, database.name).catch(() => undefined);
      await run.control.release(database.lock).catch(() => undefined);
      throw failureOf(error, `Test database "${database.name}" was not made`, { database: database.name });
    }
  });
}
