import type { Client } from 'pg';
import { clearTimer, setTimer } from '../captured/clock.js';

/** How long the server may take to close its side of a connection. */
const closingMs = 1000;

/** Closes a client and waits until the server has closed its side, too, unless that does not answer. */
export async function closeClient(client: Client): Promise<void> {
  const limit = setTimer(() => giveUp(client), closingMs);
  await client.end().catch(() => undefined);
  clearTimer(limit);
}

/** Closes a client without a word to its server. node-postgres has no public way to do that. */
export function giveUp(client: Client): void {
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
}
