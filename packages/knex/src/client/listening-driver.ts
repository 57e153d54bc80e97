import type { KnexDriver } from './knex-internals.js';
import { markLost } from './lost-connection.js';

/**
 * A driver like the given one, whose clients listen for `error` from the start. knex listens only after it has learned
 * that a client is connected: a session that is terminated in that moment would crash the process.
 *
 * The binding of libpq (pgnative) keeps watching the socket that libpq has closed; the next connection gets the same
 * file descriptor, and the process ends with a segmentation fault. So it is told to stop.
 */
export function listeningDriver(driver: KnexDriver): KnexDriver {
  const { Client } = driver;
  class ListeningClient extends Client {
    constructor(settings: unknown) {
      super(settings);
      this.on('error', (error) => {
        markLost(this, error);
        this.native?.pq.stopReader();
      });
    }
  }
  return Object.create(driver, { Client: { value: ListeningClient, enumerable: true } }) as KnexDriver;
}
