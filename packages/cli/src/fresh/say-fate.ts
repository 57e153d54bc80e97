import type { ConnectionSettings } from '@pg-evict/core';
import { describeFate, type OldDatabase, stillThere } from '../restore/old-database.js';

/** What is claimed of the old database where filling a new one fails. */
const claim = 'stays as it was';

/** Looks whether the old database is what an error claims of it, and has the error say what is there. */
export async function sayFate(
  error: unknown,
  connection: ConnectionSettings,
  old: OldDatabase,
): Promise<unknown> {
  if (!(error instanceof Error) || !error.message.includes(claim)) return error;
  const fate = await describeFate(connection, old);
  if (fate !== stillThere) error.message = error.message.replace(claim, `was not replaced; ${fate}`);
  return error;
}
