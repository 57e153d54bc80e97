import { connect } from '../connection/connect.js';
import { disconnect } from '../connection/silence.js';
import { isQueryable, type Queryable } from '../connection/queryable.js';
import type { ResolvedTarget } from '../connection/target.js';
import type { Deadline } from '../contract/deadline.js';
import { databaseNotFound, PgEvictError } from '../contract/error.js';
import { sqlStateOf } from '../contract/server-error.js';

/**
 * The oid of a table. Tables are known only inside their database, so a target's database is connected to.
 *
 * @param database the one the table must be in, if a client is given; left out: the one it is connected to
 * @returns `undefined` if no table is named
 * @throws {@link PgEvictError} `CONFIG_INVALID` if there is none of that name, `DATABASE_NOT_FOUND`
 */
export async function resolveTable(
  where: Queryable | (ResolvedTarget & { deadline: Deadline }),
  table: string | undefined,
  database?: string,
): Promise<number | undefined> {
  if (table === undefined) return undefined;
  if (isQueryable(where)) {
    await assertConnectedTo(where, database, table);
    return tableOid(where, table);
  }
  const { client } = await connect(where.settings, where.database, where.deadline).catch((error: unknown) => {
    throw sqlStateOf(error) === '3D000' ? databaseNotFound(where.database) : error;
  });
  try {
    // A name without a schema is looked up with the role's own search path.
    await client.query('RESET search_path');
    return await tableOid(client, table);
  } finally {
    await disconnect(client);
  }
}

/** A client elsewhere knows tables of the same name, but not those. */
async function assertConnectedTo(
  client: Queryable,
  database: string | undefined,
  table: string,
): Promise<void> {
  if (database === undefined) return;
  const { rows } = await client.query('SELECT current_database() AS name');
  if (rows[0]?.['name'] === database) return;
  throw new PgEvictError(
    'CONFIG_INVALID',
    `Table ${table} cannot be looked up: the client is connected to another database than "${database}".`,
    { database, hint: 'Give a client on that database, or a target instead of a client.' },
  );
}

async function tableOid(client: Queryable, table: string): Promise<number> {
  const fail = (problem: string, cause?: unknown): PgEvictError =>
    new PgEvictError('CONFIG_INVALID', problem, {
      hint: 'Write it as schema.table; a name with capitals in double quotes.',
      cause,
    });
  const { rows } = await client
    .query('SELECT to_regclass($1)::oid::bigint::float8 AS oid', [table])
    .catch((error: unknown) => {
      if (!notNames.has(sqlStateOf(error) ?? '')) throw error;
      throw fail(`${table} is not the name of a table.`, error);
    });
  const oid = rows[0]?.['oid'];
  if (typeof oid === 'number') return oid;
  throw fail(`There is no table ${table}.`);
}

/** Bad syntax, too many dots, another database before the first dot; up to 15 some of them. */
const notNames = new Set(['42602', '42601', '0A000']);
