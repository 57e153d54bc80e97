import type { ConnectionSettings } from '@pg-evict/core';
import { describeFate, type OldDatabase, stillThere } from '../restore/old-database.js';

/** The sentence about the old database if filling a new one fails. */
const claim = /was not re(?:plac|creat)ed/;

/** Checks the state of the old database, and adds it to the error if it is not the expected one. */
export async function sayFate(
  error: unknown,
  connection: ConnectionSettings,
  old: OldDatabase,
): Promise<unknown> {
  if (!(error instanceof Error) || !claim.test(error.message)) return error;
  const fate = await describeFate(connection, old);
  if (fate !== stillThere) error.message = error.message.replace(claim, (said) => `${said}; ${fate}`);
  return error;
}
