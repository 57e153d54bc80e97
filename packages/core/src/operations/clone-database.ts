import type { Target } from '../connection/target.js';
import { renameBlockers } from '../contract/blocker.js';
import { assertDatabaseName } from '../contract/database-name.js';
import { assertOptions, operationOptions, type OperationOptions } from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import { createStatement } from '../database/create-statement.js';
import { findDatabase, inspect } from '../database/facts.js';
import { preflight } from '../eviction/preflight.js';
import { type RemedyOptions, removeBlockers } from '../eviction/remove-blockers.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { dropPrivateDatabases } from '../exclusive-access/drop-private-databases.js';
import { privateName } from '../exclusive-access/private-databases.js';
import {
  assertOwner,
  requireAbsent,
  requireCopyable,
  requireCreatedb,
  requireSameCollations,
  requireUnprotected,
  requireValid,
} from '../guards/preconditions.js';
import { renameStatement } from '../text/quote.js';
import { createSuccessor } from '../successor/create-successor.js';
import { withOperation } from './with-operation.js';

/** Options of {@link cloneDatabase}. */
export interface CloneDatabaseOptions extends OperationOptions, Pick<RemedyOptions, 'rollbackPrepared'> {
  /**
   * Does nothing if the new database exists already.
   * @default false: rejects with `DATABASE_EXISTS`
   */
  readonly ifNotExists?: boolean | undefined;
  /** @default the current role; with `keepSettings` the owner of the source */
  readonly owner?: string | undefined;
  /**
   * Carries owner, privileges, ALTER DATABASE SET, connection limit and comment over; CREATE DATABASE … TEMPLATE
   * copies none of them.
   * @default false
   */
  readonly keepSettings?: boolean | undefined;
}

/**
 * Terminates the other sessions of a database and copies it. Clients that connect meanwhile wait until the copy is
 * complete.
 *
 * Needs CREATEDB and ownership of the source (or its template flag), and for sessions of other roles
 * `pg_signal_backend`.
 *
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `DATABASE_EXISTS`, `PERMISSION_DENIED`,
 * `BLOCKED`, `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`, `UNEXPECTED`
 * @see https://www.postgresql.org/docs/current/manage-ag-templatedbs.html
 */
export async function cloneDatabase(
  target: Target,
  to: string,
  options: CloneDatabaseOptions = {},
): Promise<OperationReport> {
  assertOptions('cloneDatabase', options, {
    ...operationOptions,
    rollbackPrepared: true,
    ifNotExists: true,
    owner: true,
    keepSettings: true,
  });
  const { owner, ifNotExists = false, keepSettings = false } = options;
  assertDatabaseName(to, 'name of the new database');
  const request = {
    command: 'clone' as const,
    target,
    options,
    others: [to],
    failure: (database: string) => `Database "${database}" was not cloned to "${to}"`,
  };
  return withOperation(request, async (operation) => {
    const { database, failure, runner } = operation;
    const inspection = await inspect(runner.client, [database, to], database);
    const source = requireUnprotected(inspection, database);
    if (ifNotExists && findDatabase(inspection, to) !== undefined) return { changed: false, to };
    requireAbsent(inspection, to, { kind: 'allow-existing', otherwise: 'Choose another name' });
    requireValid(source, failure);
    requireCreatedb(inspection, database, failure);
    requireCopyable(inspection, source, failure);
    await requireSameCollations(runner.client, database, failure);
    await assertOwner(runner.client, inspection, owner, { database, failure });
    const needs = { databases: [database], blockedBy: renameBlockers };
    const { toRemove, report } = await preflight(operation, [needs], options);
    await operation.step('checked');
    const like = keepSettings ? source : undefined;
    // With settings to apply, it is created under a private name, so that it is complete when it gets its name.
    const name = keepSettings ? privateName(operation, 'new') : to;
    const statement = createStatement(inspection, { name, template: database, owner, like });
    if (operation.dryRun) return { ...report, to, notCarriedOver: statement.notCarriedOver };
    const { removed } = report;
    await removeBlockers(operation, toRemove);
    if (!keepSettings) {
      await createSuccessor(operation, name, statement, undefined);
      return { changed: true, to, removed };
    }
    try {
      const notCarriedOver = await createSuccessor(operation, name, statement, like);
      await runExclusively(operation, {
        sql: renameStatement(name, to),
        databases: [name],
        sessions: 'end',
        blockedBy: renameBlockers,
      });
      return { changed: true, to, removed, notCarriedOver };
    } catch (error) {
      operation.leftovers.push(...(await dropPrivateDatabases(operation, [name])));
      throw error;
    }
  });
}
