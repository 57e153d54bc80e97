import { Client } from 'pg';

/** What a script of a user's does: connect, a few statements, disconnect. */
export async function withClient({ maintenance }, connected, callback) {
  const client = new Client(maintenance);
  client.on('error', () => undefined);
  await client.connect();
  connected?.();
  try {
    return await callback(client);
  } finally {
    await client.end();
  }
}
