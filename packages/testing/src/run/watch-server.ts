import type { RunningServer } from '@pg-evict/server';
import { threadState } from '../captured/thread-state.js';
import { ownServer } from '../server/own-server.js';
import { startTestServer } from '../server/start-test-server.js';
import type { StartRunOptions } from './start-run.js';

/**
 * The server for all runs of watch mode, as options of {@link startRun}: a server of our own is started once and stays
 * for as long as this process, with its templates. If the tests have another server, there are no options.
 *
 * @param directory the folder of the project
 * @throws {@link PgEvictError} `CONFIG_INVALID` if a requirement of the server is missing; else ServerError
 */
export async function watchServer(directory: string): Promise<StartRunOptions> {
  const server = await ownServer(directory);
  if (server === undefined) return {};
  const servers = threadState('watch/1', () => new Map<string, Promise<RunningServer>>());
  const running = servers.get(directory) ?? startTestServer(server, directory);
  servers.set(directory, running);
  running.catch(() => servers.delete(directory));
  return { url: (await running).url, testing: { server: 'connection' } };
}
