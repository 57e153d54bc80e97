/** Anything that runs one statement: `pg.Client`, `pg.Pool`, an adapter around knex. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

/** Whether a value is a {@link Queryable} rather than a target. */
export function isQueryable(value: unknown): value is Queryable {
  const mayHaveIt = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayHaveIt && 'query' in value && typeof value.query === 'function';
}

/** In a transaction `pg_stat_activity` keeps showing its first result. This makes it show the current sessions. */
export async function seeAnew(client: Queryable): Promise<void> {
  await client.query('SELECT pg_stat_clear_snapshot()');
}
