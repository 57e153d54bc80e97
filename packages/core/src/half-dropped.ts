import type { Client } from 'pg';

/**
 * Says of which databases an interrupted DROP has made wrecks; nothing but another DROP helps then. Each in a sentence that
 * begins with a space, to be put behind others.
 */
export async function halfDropped(client: Client, databases: readonly string[]): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datname = ANY ($1::name[]) AND datconnlimit = -2',
    [databases],
  );
  return rows
    .map(({ name }) => ` Database "${name}" is half dropped and can no longer be used: drop it again.`)
    .join('');
}
