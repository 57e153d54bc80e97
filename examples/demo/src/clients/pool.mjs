import { Pool } from 'pg';

/** A web application's pool with an idle connection. Its listener is all it needs to live through it. */
export async function openPool(connection) {
  const pool = new Pool({ ...connection, application_name: 'web' });
  let ended;
  pool.on('error', (error) => (ended ??= error));
  await pool.query('SELECT count(*) FROM orders');
  return {
    name: 'web, idle pool',
    async story() {
      const { rows } = await pool.query('SELECT 1 AS one');
      return `${ended?.code}; its next query got a new connection and ${rows.length === 1 ? 'was answered' : 'no answer'}`;
    },
    close: async () => pool.end(),
  };
}
