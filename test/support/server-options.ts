import { resolve } from 'node:path';
import type { EmbeddedServerOptions } from '@pg-evict/server';
import { serverMajor } from './server.js';

/** A server like the run's, for tests that stop, crash or hang one. */
export function serverOptions(settings: EmbeddedServerOptions['settings'] = {}): EmbeddedServerOptions {
  return {
    kind: 'embedded',
    version: serverMajor,
    from: resolve(__dirname, serverMajor === 18 ? '..' : '../matrix'),
    settings: { max_prepared_transactions: 20, wal_level: 'logical', autovacuum: 'off', ...settings },
  };
}
