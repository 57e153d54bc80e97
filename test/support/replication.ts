import { Client, type ClientConfig } from 'pg';
import { uniqueName, until, withClient } from './server.js';

/** A real consumer of a logical replication slot, which stops when it is ended. */
export interface Consumer {
  readonly slot: string;
  readonly pid: number;
  /** Resolves when the server, or `close`, has ended it. */
  readonly ended: Promise<void>;
  readonly close: () => Promise<void>;
}

/** Makes a logical slot in a database that nobody consumes. */
export async function createSlot(url: string, slot = uniqueName('slot')): Promise<string> {
  await withClient(url, async (client) =>
    client.query('SELECT pg_create_logical_replication_slot($1, $2)', [slot, 'pgoutput']),
  );
  return slot;
}

/** Streams from a slot, as a subscriber does. */
export async function consume(url: string, slot: string): Promise<Consumer> {
  const config: ClientConfig & { replication: string } = { connectionString: url, replication: 'database' };
  const client = new Client(config);
  client.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  await client.connect();
  client
    .query(`START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (proto_version '1', publication_names 'p')`)
    .catch(() => undefined);
  let pid = 0;
  await withClient(url, async (observer) =>
    until(async () => {
      const { rows } = await observer.query<{ pid: number | null }>(
        'SELECT active_pid AS pid FROM pg_replication_slots WHERE slot_name = $1',
        [slot],
      );
      pid = rows[0]?.pid ?? 0;
      return pid !== 0;
    }, 'the slot is active'),
  );
  return {
    slot,
    pid,
    ended,
    close: async () => {
      client.connection.stream.destroy();
      await ended;
    },
  };
}
