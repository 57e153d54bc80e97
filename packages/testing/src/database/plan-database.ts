import { testDatabaseName } from '../names/database-names.js';
import { addressOf, type DatabaseAddress } from '../server/database-address.js';
import { restoreTls } from '../server/serialize-tls.js';
import type { RunInvitation, TestRun } from './test-run.js';

/** A database that will be created, and its future address. */
export interface PlannedDatabase extends DatabaseAddress {
  readonly name: string;
}

/**
 * Names the database that this process is going to acquire, and returns its address. Sends nothing and does not wait,
 * because environment variables must often be set before a test runner can wait. With `isolation: 'run'` it is the
 * run's fixed database, which exists already.
 */
export function planDatabase(run: TestRun | RunInvitation): PlannedDatabase {
  const { isolation, database } = 'settings' in run ? run.settings : run;
  const name = isolation === 'run' && database !== null ? database : testDatabaseName(run.id);
  return { name, ...addressOf({ ...run.server, connection: restoreTls(run.server.connection) }, name) };
}
