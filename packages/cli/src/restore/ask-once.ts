import type { ConnectionSettings } from '@pg-evict/core';
import { Client } from 'pg';

/** Runs a query of our own, over a connection of its own. */
export async function askOnce<Row extends object>(
  settings: ConnectionSettings,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ ...settings, application_name: settings.application_name ?? 'pg-evict' });
  // A connection that is lost fails the query, which is enough.
  client.on('error', () => undefined);
  await client.connect();
  try {
    // Without values, the text may contain several statements.
    const { rows } = await client.query<Row>(text, values.length === 0 ? undefined : [...values]);
    return rows;
  } finally {
    client.end().catch(() => undefined);
  }
}
