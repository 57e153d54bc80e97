import type { Duplex } from 'node:stream';
import type { Client } from 'pg';

/**
 * node-postgres throws an exception that cannot be caught when it receives a message it does not know, such as a
 * request for an authentication method that it lacks (GSSAPI). This turns the exception into an error of the
 * connection.
 */
export function survivesWhatItCannotRead(client: Client): void {
  const { connection } = client as unknown as {
    connection: { attachListeners(stream: Duplex): void };
  };
  const attach = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => {
    attach(stream);
    for (const read of stream.listeners('data') as ((chunk: unknown) => void)[]) {
      stream.removeListener('data', read);
      stream.on('data', (chunk: unknown) => {
        try {
          read(chunk);
        } catch (error) {
          stream.destroy(error instanceof Error ? error : new Error(String(error)));
        }
      });
    }
  };
}
