import type { Target } from '../connection/target.js';
import { renameBlockers } from '../contract/blocker.js';
import { assertDatabaseName } from '../contract/database-name.js';
import { isPgEvictError } from '../contract/error.js';
import { assertOptions, operationOptions, type OperationOptions } from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import { createStatement } from '../database/create-statement.js';
import { findDatabase, inspect } from '../database/facts.js';
import { preflight } from '../eviction/preflight.js';
import { assertTemplateIsElsewhere } from '../guards/built-in.js';
import {
  assertOwner,
  requireAbsent,
  requireCopyable,
  requireCreatedb,
  requireSameCollations,
  createTemplate,
  requireUnprotected,
} from '../guards/preconditions.js';
import { isBuiltIn } from '../text/identifier.js';
import { createSuccessor } from '../successor/create-successor.js';
import { withOperation } from './with-operation.js';

/** Options of {@link createDatabase}. */
export interface CreateDatabaseOptions extends OperationOptions {
  /**
   * Does nothing if the database exists already.
   * @default false: rejects with `DATABASE_EXISTS`
   */
  readonly ifNotExists?: boolean | undefined;
  /**
   * The database to copy. Other sessions on it are terminated, because PostgreSQL copies only a database without
   * sessions.
   * @default 'template1', whose sessions are waited for
   */
  readonly template?: string | undefined;
  /** @default the current role */
  readonly owner?: string | undefined;
}

/**
 * Creates a database. Needs CREATEDB, and ownership of the template unless that is marked as a template.
 *
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_EXISTS`, `DATABASE_NOT_FOUND` (the template),
 * `PERMISSION_DENIED`, `BLOCKED`, `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`,
 * `UNEXPECTED`
 * @see https://www.postgresql.org/docs/current/sql-createdatabase.html
 */
export async function createDatabase(
  target: Target,
  options: CreateDatabaseOptions = {},
): Promise<OperationReport> {
  assertOptions('createDatabase', options, {
    ...operationOptions,
    ifNotExists: true,
    template: true,
    owner: true,
  });
  const { template, owner, ifNotExists = false } = options;
  if (template !== undefined) assertDatabaseName(template, 'template name');
  const copied = template === undefined || isBuiltIn(template) ? [] : [template];
  const request = {
    command: 'create' as const,
    target,
    options,
    others: copied,
    failure: (database: string) => `Database "${database}" was not created`,
  };
  return withOperation(request, async (operation) => {
    const { database, failure, runner } = operation;
    if (template !== undefined) assertTemplateIsElsewhere(template, operation.maintenanceDatabase);
    const copiedDatabase = template ?? 'template1';
    const inspection = await inspect(runner.client, [database, copiedDatabase], copiedDatabase);
    if (ifNotExists && findDatabase(inspection, database) !== undefined) return { changed: false };
    requireAbsent(inspection, database, { kind: 'allow-existing', otherwise: undefined });
    const source = requireUnprotected(inspection, template ?? 'template1', createTemplate);
    requireCreatedb(inspection, database, failure);
    requireCopyable(inspection, source, failure);
    await requireSameCollations(runner.client, copiedDatabase, failure);
    await assertOwner(runner.client, inspection, owner, { database, failure });
    const { report } = await preflight(operation, [{ databases: copied, blockedBy: renameBlockers }]);
    await operation.step('checked');
    if (operation.dryRun) return report;
    const statement = createStatement(inspection, { name: database, template, owner });
    try {
      await createSuccessor(operation, database, statement, undefined);
    } catch (error) {
      // Another client was faster.
      if (ifNotExists && isPgEvictError(error) && error.code === 'DATABASE_EXISTS') return { changed: false };
      throw error;
    }
    return { changed: true };
  });
}
