import { serverUrl, withClient } from '../server.js';

/** Asks a database itself, as a superuser. */
export async function askDatabase(database: string, sql: string): Promise<unknown[]> {
  return withClient(serverUrl({ database }), async (client) => (await client.query<object>(sql)).rows);
}

/** The tables of a database, but for those that open transactions of other sessions leave. */
export async function tables(database: string): Promise<string[]> {
  const sql = `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '^t_\\d+$' ORDER BY 1`;
  const rows = (await askDatabase(database, sql)) as { tablename: string }[];
  return rows.map(({ tablename }) => tablename);
}
