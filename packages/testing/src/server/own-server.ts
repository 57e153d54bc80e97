import { loadConfig } from '@pg-evict/config';
import { resolveTestTarget } from '@pg-evict/config/internal';
import type { TestServerSettings } from './start-test-server.js';

/**
 * The server that has to be started for the tests of a project, `undefined` if they use an existing one: as
 * `testing.server` says, else if nothing names a connection.
 */
export async function ownServer(cwd: string): Promise<TestServerSettings | undefined> {
  const { config } = await loadConfig({ cwd });
  const given = config.testing?.server ?? (await byDefault(cwd));
  const server = typeof given === 'object' ? given : { kind: given };
  return server.kind === 'connection' ? undefined : server;
}

async function byDefault(cwd: string): Promise<'connection' | 'embedded'> {
  const { connection } = await resolveTestTarget({ cwd });
  return connection.source.kind === 'defaults' ? 'embedded' : 'connection';
}
