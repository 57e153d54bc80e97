import { PgEvictError } from './pg-evict-error.js';

/** The databases every server is run with. */
const builtIn = new Set(['postgres', 'template0', 'template1']);

/** Whether a database belongs to the server itself. */
export function isBuiltIn(database: string): boolean {
  return builtIn.has(database);
}

/**
 * Refuses the databases that may never be touched, before any connection is made.
 *
 * @throws {@link PgEvictError} `PROTECTED` for `postgres`, `template0` and `template1`; `REFUSED` when the database
 * is the one administrative commands connect to
 */
export function assertNotGuarded(database: string, maintenanceDatabases: readonly string[]): void {
  if (isBuiltIn(database)) {
    throw new PgEvictError(
      'PROTECTED',
      `Database "${database}" belongs to the server and is never touched.`,
      {
        database,
        hint: 'Name a database of your own.',
      },
    );
  }
  if (maintenanceDatabases.includes(database)) {
    throw new PgEvictError(
      'REFUSED',
      `Database "${database}" is the one administrative commands connect to, so it cannot be worked on.`,
      { database, hint: 'Name another maintenance database (maintenanceDatabase, --maintenance-db).' },
    );
  }
}
