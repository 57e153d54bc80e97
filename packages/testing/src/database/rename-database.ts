import { quoteIdentifier } from '@pg-evict/core/internal';
import { TestDatabase } from './test-database.js';
import type { TestRun } from './test-run.js';

/**
 * Renames an unused test database. Its content remains that of the template.
 *
 * @returns the same database under its new name; `database` is not to be used any more
 * @throws the driver's error if a session is on it, or the name is taken
 */
export async function renameTestDatabase(
  run: TestRun,
  database: TestDatabase,
  name: string,
): Promise<TestDatabase> {
  const renamed = new TestDatabase(run, name);
  await run.control.hold(renamed.lock);
  await database.forget();
  await run.control.query(
    `ALTER DATABASE ${quoteIdentifier(database.name)} RENAME TO ${quoteIdentifier(name)}`,
  );
  run.databases.delete(database);
  run.databases.add(renamed);
  await run.control.release(database.lock);
  await renamed.remember();
  return renamed;
}
