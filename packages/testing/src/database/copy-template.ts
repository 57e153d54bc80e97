import { cloneDatabase, PgEvictError } from '@pg-evict/core';
import { quoteIdentifier } from '@pg-evict/core/internal';
import { commentStatement } from '../names/database-comments.js';
import { lockKeys } from '../session/advisory-locks.js';
import type { MaintenanceSession } from '../session/maintenance-session.js';
import type { TemplateUser } from '../template/unlogged-relations.js';

/** A run, and its session on the maintenance database. */
export interface MaintenanceOf extends TemplateUser {
  readonly control: MaintenanceSession;
}

/** Creates a database that is a copy of the run's template, and that accepts connections. */
export async function copyTemplate(
  { control, server, template }: MaintenanceOf,
  name: string,
): Promise<void> {
  const { connection, target } = server;
  const database = quoteIdentifier(name);
  const owner = connection.user === target.connection.user ? undefined : connection.user;
  if (template.hasSettings) {
    await cloneDatabase({ ...target, database: template.name }, name, { keepSettings: true });
    await control.query(`ALTER DATABASE ${database} IS_TEMPLATE false ALLOW_CONNECTIONS true`);
    await control.query(commentStatement(name, template.comment));
    return;
  }
  await control.query(
    [
      `CREATE DATABASE ${database} TEMPLATE ${quoteIdentifier(template.name)}`,
      owner === undefined ? '' : ` OWNER ${quoteIdentifier(owner)}`,
      template.copiesFiles ? ' STRATEGY file_copy' : '',
    ].join(''),
  );
}

/**
 * Makes something for a run, unless the process that began the run is ending it: otherwise the new database would be
 * left behind. The end of the run waits for databases that are being made.
 *
 * @throws {@link PgEvictError} `REFUSED` if the run is being ended
 */
export async function unlessEnding<T>(run: MaintenanceOf, make: () => Promise<T>): Promise<T> {
  const lock = { kind: 'ending', of: run.id, shared: true } as const;
  const { rows } = await run.control.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock_shared($1, $2) AS taken',
    lockKeys(lock),
  );
  if (rows[0]?.taken !== true) {
    throw new PgEvictError('REFUSED', 'The process that started the test run has ended it.');
  }
  try {
    return await make();
  } finally {
    await run.control.release(lock);
  }
}
