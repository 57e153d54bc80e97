import { PgEvictError, recreateDatabase } from '@pg-evict/core';
import type { RunSettings } from '../database/test-run.js';
import type { MaintenanceSession } from '../session/maintenance-session.js';
import type { TestServer } from '../server/test-server.js';
import type { Template } from '../template/template.js';

/** `test` as a word of its own: app_test, test-app, appTest, app_tests2. */
const saysTest = /(?:^|[^a-z])tests?(?![a-z])|(?:[a-z0-9])Tests?(?![a-z])/;

/**
 * Recreates the one database of `isolation: 'run'` from the template, with its own settings, and terminates its
 * sessions. While another run uses it, waits for the end of that run. The session keeps a lock that says so to others.
 *
 * @throws {@link PgEvictError} `CONFIG_INVALID` for a name that does not say that the database is for tests, `BLOCKED`
 * if another run uses it for too long, and the errors of core's `recreateDatabase`
 */
export async function recreateSharedDatabase(
  control: MaintenanceSession,
  { connection, target }: TestServer,
  template: Template,
  { database, timeoutMs }: Pick<RunSettings, 'database' | 'timeoutMs'>,
): Promise<void> {
  if (database === null) {
    throw new PgEvictError('CONFIG_INVALID', "isolation: 'run' needs the name of the database.", {
      hint: "Name it: testing.database: 'app_test'.",
    });
  }
  if (!saysTest.test(database) && !saysTest.test(database.toLowerCase())) {
    throw new PgEvictError(
      'CONFIG_INVALID',
      `Database "${database}" would be recreated before each run, but its name does not say that it is for tests.`,
      { database, hint: 'Choose a name with the word "test" in it, such as app_test.' },
    );
  }
  await control.hold(
    { kind: 'database', of: database, shared: false },
    `a run of tests uses database "${database}" (isolation: 'run')`,
  );
  const owner = connection.user === target.connection.user ? undefined : connection.user;
  await recreateDatabase(
    { ...target, database },
    {
      template: template.name,
      ifNotExists: true,
      rollbackPrepared: true,
      dropSlots: true,
      owner,
      timeoutMs: timeoutMs ?? undefined,
    },
  );
}
