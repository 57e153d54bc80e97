import type {
  RunningContainerServer,
  RunningEmbeddedServer,
  RunningServer,
} from './contract/running-server.js';
import { ServerError } from './contract/server-error.js';
import type { EmbeddedServerOptions } from './embedded/embedded-server-options.js';
import { startEmbeddedServer } from './embedded/start-embedded-server.js';
import type { TestcontainersServerOptions } from './testcontainers/testcontainers-server-options.js';

/** The kind of server to start, and its options. */
export type StartServerOptions = EmbeddedServerOptions | TestcontainersServerOptions;

/**
 * Starts a throwaway PostgreSQL server that lives no longer than this process.
 *
 * `embedded` starts processes in a session of their own (so Ctrl-C reaches only this process) and creates one private
 * folder. Both are gone after `stop()`, after this process ended in any way, and when the start fails. It installs no
 * process handlers.
 *
 * `testcontainers` starts a container, pulling its image if the engine does not have it. The container is gone after
 * `stop()` and when the start fails. When this process ends in another way, the reaper of testcontainers removes it.
 * `reuse` keeps it.
 *
 * Neither keeps the event loop alive, and nothing is printed.
 *
 * @example
 * ```ts
 * const server = await startServer({ kind: 'embedded' });
 * const client = new pg.Client(server.url);
 * // …
 * await server.stop();
 * ```
 *
 * @throws {ServerError} when it cannot be started; `error.code` says why. When `signal` is aborted, rejects with the
 * signal's reason instead.
 */
export function startServer(options: EmbeddedServerOptions): Promise<RunningEmbeddedServer>;
export function startServer(options: TestcontainersServerOptions): Promise<RunningContainerServer>;
export function startServer(options: StartServerOptions): Promise<RunningServer>;
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  assertKind(options);
  if (options.kind === 'embedded') return startEmbeddedServer(options);
  // The modules that start a container are loaded only for a container.
  const { startContainerServer } = await import('./testcontainers/start-container-server.js');
  return startContainerServer(options);
}

/** Callers in JavaScript may pass anything. */
function assertKind(options: unknown): void {
  const { kind } = Object(options) as { kind?: unknown };
  if (kind === 'embedded' || kind === 'testcontainers') return;
  throw new ServerError(
    'OPTIONS_INVALID',
    `There is no server of the kind ${JSON.stringify(kind)}; use kind: 'embedded' or 'testcontainers'.`,
  );
}
