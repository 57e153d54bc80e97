import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** The URL of the run's server, as its superuser; another database or role where given. */
export function serverUrl(change: { database?: string; user?: string; password?: string } = {}): string {
  const url = new URL(process.env['PG_EVICT_TEST_URL'] ?? '');
  if (change.user !== undefined) url.username = encodeURIComponent(change.user);
  if (change.password !== undefined) url.password = encodeURIComponent(change.password);
  if (change.database !== undefined) url.pathname = `/${encodeURIComponent(change.database)}`;
  return url.href;
}

/** A name nobody else uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(5).toString('hex')}`;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Asks the server itself, as a superuser, from the maintenance database. */
export async function ask<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(serverUrl(), async (client) => (await client.query<Row>(sql, values)).rows);
}

/** Borrows a client and gives it back. */
export async function withClient<T>(url: string, callback: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await callback(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether a database of that name exists, says pg_database. */
export async function databaseExists(name: string): Promise<boolean> {
  return (await ask('SELECT FROM pg_database WHERE datname = $1', [name])).length > 0;
}

/** The major version of the run's server. */
export const serverMajor = Number(process.env['PG_VERSION'] ?? 18);

/** Waits until a condition the server can be asked about holds. */
export async function until(
  condition: () => Promise<boolean>,
  what: string,
  timeoutMs = 300_000,
): Promise<void> {
  const endsAt = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > endsAt) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
