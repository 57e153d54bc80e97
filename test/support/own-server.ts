import { startServer, type RunningEmbeddedServer, type EmbeddedServerOptions } from '@pg-evict/server';
import { serverOptions } from './server-options.js';

/**
 * A server for one test file: for tests that look at a whole server, where the leftovers of others would be seen, and
 * repaired, or that stop one. Called after the file's own afterAll, as hooks run in the order they are declared.
 *
 * @returns the server, once the tests have begun
 */
export function useOwnServer(settings?: EmbeddedServerOptions['settings']): () => RunningEmbeddedServer {
  let server: RunningEmbeddedServer | undefined;
  beforeAll(async () => {
    server = await startServer(serverOptions(settings));
    process.env['PG_EVICT_TEST_URL'] = server.url;
  });
  afterAll(async () => server?.stop());
  return () => {
    if (server === undefined) throw new Error('the server has not been started');
    return server;
  };
}
