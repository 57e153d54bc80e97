import { Client } from 'pg';

/** A transaction that somebody forgot to end. */
export async function openTransaction(connection) {
  const client = new Client({ ...connection, application_name: 'psql, forgotten' });
  const failed = new Promise((resolve) => client.once('error', resolve));
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  await client.query('UPDATE orders SET amount = 0 WHERE id = 1');
  return {
    name: 'psql, idle in transaction',
    story: async () => `${(await failed).code}, and its transaction was rolled back`,
    close: async () => client.end().catch(() => undefined),
  };
}
