import type { ConnectionSettings } from '@pg-evict/core';
import { askOnce } from './ask-once.js';

/** The database that is to be replaced, as the server knows it. */
export interface OldDatabase {
  readonly name: string;
  /** `undefined` where there is none. */
  readonly oid: string | undefined;
}

/** Looks which database has a name. */
export async function findOldDatabase(connection: ConnectionSettings, name: string): Promise<OldDatabase> {
  const [row] = await askOnce<{ oid: string }>(
    connection,
    'SELECT oid::text AS oid FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  );
  return { name, oid: row?.oid };
}

/** The sentence about an old database that is unchanged. */
export const stillThere = 'the old one is still there';

/**
 * Checks the state of the database that was to be replaced.
 *
 * @returns for a message, after a semicolon
 */
export async function describeFate(
  connection: ConnectionSettings,
  { name, oid }: OldDatabase,
): Promise<string> {
  if (oid === undefined) return 'there was none before';
  try {
    const [row] = await askOnce<{ name: string }>(
      connection,
      'SELECT datname AS name FROM pg_catalog.pg_database WHERE oid = $1::oid',
      [oid],
    );
    if (row === undefined) return 'the old one is not there any more';
    return row.name === name ? stillThere : `the old one is now called "${row.name}"`;
  } catch {
    return 'the state of the old one could not be checked';
  }
}
