import { connect, disconnect } from './connect.js';
import type { Deadline } from './deadline.js';
import { PgEvictError } from './pg-evict-error.js';
import { isQueryable, type Queryable } from './queryable.js';
import type { ResolvedTarget } from './target.js';

/**
 * The oid of a table. Tables are known only inside their database, so a target is connected to for it.
 *
 * @returns `undefined` if no table is named
 * @throws {@link PgEvictError} `CONFIG_INVALID` if there is none of that name
 */
export async function resolveTable(
  where: Queryable | (ResolvedTarget & { deadline: Deadline }),
  table: string | undefined,
): Promise<number | undefined> {
  if (table === undefined) return undefined;
  if (isQueryable(where)) return tableOid(where, table);
  const { client } = await connect(where.settings, where.database, where.deadline);
  try {
    return await tableOid(client, table);
  } finally {
    await disconnect(client);
  }
}

async function tableOid(client: Queryable, table: string): Promise<number> {
  const { rows } = await client.query('SELECT to_regclass($1)::oid::bigint::float8 AS oid', [table]);
  const oid = rows[0]?.['oid'];
  if (typeof oid === 'number') return oid;
  throw new PgEvictError('CONFIG_INVALID', `There is no table ${table}.`, {
    hint: 'Write it as schema.table; a name with capitals in double quotes.',
  });
}
