import { startServer, type RunningServer } from '@pg-evict/server';
import { serverOptions } from './server-options.js';

/**
 * A server for one test file: for tests that look at a whole server, where the leftovers of others would be seen, and
 * repaired. Called after the file's own afterAll, as hooks run in the order they are declared.
 */
export function useOwnServer(): void {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await startServer(serverOptions());
    process.env['PG_EVICT_TEST_URL'] = server.url;
  });
  afterAll(async () => server?.stop());
}
