import { isPgEvictError, PgEvictError } from '@pg-evict/core';
import { executeExclusively, isConnectionLost, quoteIdentifier } from '@pg-evict/core/internal';
import type { ReadStatement } from '../sql/exclusive-statement.js';
import type { RawConnection } from './knex-internals.js';
import { Detached } from './detached.js';
import { markLost } from './lost-connection.js';
import { settingsOfConnection } from './settings.js';
import { type PgEvictKnexOptions, targetOf } from './target.js';

const commands = { drop: 'DROP', alter: 'ALTER', copy: 'CREATE', create: 'CREATE' } as const;

/**
 * Runs a statement that came through a connection of knex: from a maintenance connection with that connection's
 * settings, after the other sessions have been terminated. If the connection itself is on the database, it is
 * terminated too, and the pool replaces it.
 *
 * @returns the result that node-postgres would have returned
 * @throws {@link PgEvictError} `IN_TRANSACTION` before any session is terminated, else the errors of
 * `executeExclusively`; for a database that is missing or exists already, the driver's own error, as without the plugin
 */
export async function runExclusiveStatement(
  connection: RawConnection,
  statement: ReadStatement,
  transacting: boolean,
  options: PgEvictKnexOptions,
): Promise<object> {
  const { kind, database, amongOthers } = statement;
  if (amongOthers) {
    throw refusal(statement, 'stands in one string with other statements, which is one transaction', [
      'Run it in a call of its own.',
    ]);
  }
  if (transacting || (await isInTransaction(connection))) {
    throw refusal(statement, 'was to run inside a transaction', [
      'Run it outside; in a migration: exports.config = { transaction: false }.',
    ]);
  }
  const settings = settingsOfConnection(connection);
  try {
    const request = { sql: ownedBy(settings.user, statement, options), kind };
    await executeExclusively(targetOf(settings, options, database), request, options);
  } catch (error) {
    throw asDriverWould(error);
  }
  if (settings.database === database) markLost(connection, `Database "${database}" was dropped or renamed`);
  return { command: commands[kind], rowCount: null, oid: null, rows: [], fields: [] };
}

/** A database that another role creates on behalf of the configured one belongs to the configured one. */
function ownedBy(
  user: string | undefined,
  { kind, sql, unowned }: ReadStatement,
  { adminConnection }: PgEvictKnexOptions,
): string {
  if (kind !== 'create' || unowned !== true || adminConnection === undefined || user === undefined)
    return sql;
  return `${sql} OWNER ${quoteIdentifier(user)}`;
}

function refusal({ kind, database }: ReadStatement, why: string, hints: readonly string[]): PgEvictError {
  return new PgEvictError(
    'IN_TRANSACTION',
    `${commands[kind]} DATABASE needs exclusive access to database "${database}" but ${why}. No session was terminated.`,
    { database, hint: hints.join(' ') },
  );
}

/**
 * Whether a transaction was opened on the connection without knex's knowledge (`raw('BEGIN')`): then the current
 * transaction began before the current statement.
 */
async function isInTransaction(connection: RawConnection): Promise<boolean> {
  if (connection instanceof Detached) return false;
  try {
    const { rows } = await connection.query('SELECT now() <> statement_timestamp() AS begun');
    return rows[0]?.['begun'] === true;
  } catch (error) {
    // The connection is gone, with its transaction; the statement does not need it.
    if (isConnectionLost(error)) {
      markLost(connection, error);
      return false;
    }
    // 25P02: in a transaction that has failed.
    if ((error as { code?: unknown }).code === '25P02') return true;
    throw error;
  }
}

/** Applications recognise 3D000 and 42P04 by their codes, to go on; that stays as it is. */
function asDriverWould(error: unknown): unknown {
  if (!isPgEvictError(error)) return error;
  const missingOrThere = error.code === 'DATABASE_NOT_FOUND' || error.code === 'DATABASE_EXISTS';
  return missingOrThere && error.cause instanceof Error ? error.cause : error;
}
