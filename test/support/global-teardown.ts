import { Client } from 'pg';

/** Stops the server of the run, on which no test may have left a database. */
export default async function globalTeardown(): Promise<void> {
  const server = globalThis.pgEvictTestServer;
  if (server === undefined) return;
  try {
    const client = new Client(server.url);
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE datname !~ '^(postgres|template[01])$'",
    );
    await client.end();
    const left = rows.map(({ name }) => name);
    if (left.length > 0) throw new Error(`left on the server: ${left.join(', ')}`);
  } finally {
    await server.stop();
  }
}
