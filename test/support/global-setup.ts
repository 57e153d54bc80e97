import { resolve } from 'node:path';
import { startServer, type RunningServer } from '@pg-evict/server';

declare global {
  var pgEvictTestServer: RunningServer | undefined;
}

/**
 * One server for the whole run. PG_VERSION picks the major; majors other than the default are installed in
 * test/matrix by the script that runs the matrix.
 */
export default async function globalSetup(): Promise<void> {
  const version = Number(process.env['PG_VERSION'] ?? 18);
  const server = await startServer({
    kind: 'embedded',
    version,
    from: resolve(__dirname, version === 18 ? '..' : '../matrix'),
    // An autovacuum worker on a test's database would be one more session.
    settings: {
      max_connections: 400,
      max_prepared_transactions: 20,
      wal_level: 'logical',
      autovacuum: 'off',
    },
  });
  globalThis.pgEvictTestServer = server;
  process.env['PG_EVICT_TEST_URL'] = server.url;
  process.env['PG_EVICT_TEST_SHARED_URL'] = server.url;
}
