import type { Target } from '../connection/target.js';
import { dropBlockers, renameBlockers } from '../contract/blocker.js';
import type { OperationOptions } from '../contract/options.js';
import type { OperationReport } from '../contract/report.js';
import { findDatabase, inspect } from '../database/facts.js';
import { preflight } from '../eviction/preflight.js';
import { runExclusively } from '../eviction/run-exclusively.js';
import { requireUnprotected } from '../guards/preconditions.js';
import { withOperation } from './with-operation.js';

/** A caller's statement that PostgreSQL runs only on a database without sessions. */
export interface ExclusiveStatementRequest {
  /** The statement, complete: utility statements take no parameters. */
  readonly sql: string;
  /**
   * `drop`: DROP DATABASE. `alter`: ALTER DATABASE … RENAME TO or SET TABLESPACE. `copy`: CREATE DATABASE … TEMPLATE.
   * `create`: CREATE DATABASE from the server's own template, whose sessions are waited for.
   */
  readonly kind: 'drop' | 'alter' | 'copy' | 'create';
}

/**
 * Runs a statement as written, from the maintenance database, after terminating the other sessions on the database that
 * it needs: for integrations that see SQL. Prefer the operations where you can, because they report more.
 *
 * A database that does not exist is left to the statement (`IF EXISTS`). Needs the privileges of the statement, and for
 * sessions of other roles `pg_signal_backend`.
 *
 * @param target its database is the one that the statement needs without sessions: dropped, renamed, moved or copied;
 * with `create` the one that it creates
 * @throws {@link PgEvictError} `PROTECTED`, `REFUSED`, `DATABASE_NOT_FOUND`, `DATABASE_EXISTS`, `PERMISSION_DENIED`,
 * `BLOCKED`, `SESSIONS_REMAIN`, `CONNECTION_FAILED`, `CONFIG_INVALID`, `TIMEOUT`, `ABORTED`, `UNEXPECTED`
 */
export async function executeExclusively(
  target: Target,
  { sql, kind }: ExclusiveStatementRequest,
  options: OperationOptions = {},
): Promise<OperationReport> {
  const failure = (database: string): string => `The statement on database "${database}" was not run`;
  return withOperation({ command: 'execute', target, options, failure }, async (operation) => {
    const { database, control } = operation;
    if (kind === 'create') {
      await operation.step('checked');
      if (operation.dryRun) return { changed: false };
      const waitsFor = { databases: ['template1'], blockedBy: renameBlockers };
      await runExclusively(operation, { ...waitsFor, sql, sessions: 'wait' });
      return { changed: true };
    }
    const inspection = await inspect(control.client, [database]);
    if (findDatabase(inspection, database) !== undefined) requireUnprotected(inspection, database);
    const needs = { databases: [database], blockedBy: kind === 'drop' ? dropBlockers : renameBlockers };
    const { report } = await preflight(operation, [needs]);
    await operation.step('checked');
    if (operation.dryRun) return report;
    await runExclusively(operation, { ...needs, sql, sessions: 'end' });
    return { changed: true, removed: report.removed };
  });
}
