import type { RunningServer } from '@pg-evict/server';
import { type StartRunOptions, startTestServer } from '@pg-evict/testing';
import { ownServer } from './configured-server.js';
import { processState } from './process-state.js';

/**
 * In watch mode a server of our own is started once and stays for as long as Jest does, with the templates on it. Where
 * tests have another server, there is nothing to say.
 */
export async function watchServer(directory: string): Promise<StartRunOptions> {
  const server = await ownServer(directory);
  if (server === undefined) return {};
  const servers = processState('watch/1', () => new Map<string, Promise<RunningServer>>());
  const running = servers.get(directory) ?? startTestServer(server, directory);
  servers.set(directory, running);
  running.catch(() => servers.delete(directory));
  return { url: (await running).url, testing: { server: 'connection' } };
}
