import { loadConfig, resolveTarget } from '@pg-evict/config';
import { startServer, type RunningServer } from '@pg-evict/server';
import type { StartRunOptions } from '@pg-evict/testing';

const key = Symbol.for('pg-evict.jest.watch/1');

/**
 * In watch mode a server of our own is started once and stays for as long as Jest does, with the template on it. Where
 * tests have another server, there is nothing to say.
 */
export async function watchServer(directory: string): Promise<StartRunOptions> {
  const { config } = await loadConfig({ cwd: directory });
  const { server = await defaultServer(directory) } = config.testing ?? {};
  const { kind, ...options } = typeof server === 'object' ? server : { kind: server };
  if (kind !== 'embedded') return {};
  const holder = process as unknown as { [key]?: Map<string, Promise<RunningServer>> };
  const servers = (holder[key] ??= new Map());
  const running = servers.get(directory) ?? startServer({ from: directory, ...(options as object), kind });
  servers.set(directory, running);
  running.catch(() => servers.delete(directory));
  return { url: (await running).url, testing: { server: 'connection' } };
}

async function defaultServer(cwd: string): Promise<'connection' | 'embedded'> {
  const { connection } = await resolveTarget({ cwd });
  return connection.source.kind === 'defaults' ? 'embedded' : 'connection';
}
