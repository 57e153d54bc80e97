import type { Duplex } from 'node:stream';
import type { Client } from 'pg';

/**
 * node-postgres throws, where nobody can catch it, at a message that it does not know, such as a request for a way to log
 * in (GSSAPI) that it cannot. Makes that an error of the connection.
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
