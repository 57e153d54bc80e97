import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startServer, type RunningContainerServer, type TestcontainersServerOptions } from '@pg-evict/server';

const image = process.env['PG_EVICT_TEST_IMAGE'];

/**
 * Options of a server from the image under test, the default one unless PG_EVICT_TEST_IMAGE names another, with the
 * testcontainers under test, the workspace's unless PG_EVICT_TEST_FROM names a folder with another.
 */
export function containerOptions(
  options: Partial<TestcontainersServerOptions> = {},
): TestcontainersServerOptions {
  return {
    kind: 'testcontainers',
    from: process.env['PG_EVICT_TEST_FROM'] ?? join(__dirname, '../..'),
    ...(image !== undefined && { image }),
    ...options,
  };
}

/** Borrows a server in a container and removes it. */
export async function withContainer<T>(
  options: Partial<TestcontainersServerOptions>,
  callback: (server: RunningContainerServer) => Promise<T>,
): Promise<T> {
  const server = await startServer(containerOptions(options));
  try {
    return await callback(server);
  } finally {
    await server.stop();
  }
}

/** What the docker command says. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args);
  return stdout.trim();
}
