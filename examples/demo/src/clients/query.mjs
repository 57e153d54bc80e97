import { Client } from 'pg';

/** A query that takes its time. */
export async function openQuery(connection) {
  const client = new Client({ ...connection, application_name: 'report' });
  client.on('error', () => undefined);
  await client.connect();
  const failed = client.query('SELECT sum(amount), pg_sleep(600) FROM orders').then(
    () => undefined,
    (error) => error,
  );
  return {
    name: 'report, running a query',
    story: async () => {
      const error = await failed;
      return `${error?.code}, ${error?.message}`;
    },
    close: async () => client.end().catch(() => undefined),
  };
}
