import type { ResolvedConfig } from '@pg-evict/config';
import { PgEvictError } from '@pg-evict/core';
import type { RunningServer } from '@pg-evict/server';

/** A server that is to be started. */
export type TestServerSettings = Exclude<
  NonNullable<ResolvedConfig['testing']>['server'],
  string | undefined
>;

/** The missing package is not part of the project in that case. */
const remediable = new Set<unknown>(['PACKAGE_MISSING', 'PLATFORM_UNSUPPORTED', 'DOCKER_UNAVAILABLE']);

/**
 * Starts a server for tests, embedded or in a container, with room for many workers and for prepared transactions. It
 * lives as long as this process.
 *
 * @param from the folder of the project
 * @throws {@link PgEvictError} `CONFIG_INVALID` if a requirement is missing; else ServerError
 */
export async function startTestServer(
  { kind, version, image, startTimeoutMs, tmpfs, reuse, settings: given }: TestServerSettings,
  from: string,
): Promise<RunningServer> {
  const { startServer } = await import('@pg-evict/server');
  const settings = { max_connections: 300, max_prepared_transactions: 20, ...given };
  const both = withoutUndefined({ version, startTimeoutMs, from, settings });
  try {
    return await (kind === 'embedded'
      ? startServer({ kind: 'embedded', ...both })
      : startServer({ kind: 'testcontainers', ...both, ...withoutUndefined({ image, tmpfs, reuse }) }));
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (!remediable.has(code)) throw error;
    // The remedy stands at the end of the message, often a command.
    throw new PgEvictError(
      'CONFIG_INVALID',
      `No server could be started for the tests (to use an existing one, set DATABASE_URL or pg-evict's connection, and leave testing.server out): ${message}`,
      { cause: error },
    );
  }
}

/** Without fields that are `undefined`, because not all code treats those as missing. */
function withoutUndefined<T extends object>(options: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}
