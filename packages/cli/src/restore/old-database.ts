import type { DumpSession } from './dump-session.js';

/** The database that is to be replaced, as the server knows it. */
export interface OldDatabase {
  readonly name: string;
  /** `undefined` where there is none. */
  readonly oid: string | undefined;
}

/** Looks which database has a name. */
export async function findOldDatabase(session: DumpSession, name: string): Promise<OldDatabase> {
  const [row] = await session.ask<{ oid: string }>(
    'SELECT oid::text AS oid FROM pg_catalog.pg_database WHERE datname = $1',
    [name],
  );
  return { name, oid: row?.oid };
}

/**
 * Looks what has become of the database that a dump was to replace.
 *
 * @returns for a message, after a semicolon
 */
export async function describeFate(session: DumpSession, { name, oid }: OldDatabase): Promise<string> {
  if (oid === undefined) return 'there was none before';
  const [row] = await session.ask<{ name: string }>(
    'SELECT datname AS name FROM pg_catalog.pg_database WHERE oid = $1::oid',
    [oid],
  );
  if (row === undefined) return 'the old one is not there any more';
  return row.name === name ? 'the old one is still there' : `the old one is now called "${row.name}"`;
}
