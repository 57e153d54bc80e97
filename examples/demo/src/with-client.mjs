import { Client } from 'pg';

/** Borrows a connection. */
export async function withClient(connection, callback) {
  const client = new Client(connection);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await callback(client);
  } finally {
    await client.end();
  }
}
