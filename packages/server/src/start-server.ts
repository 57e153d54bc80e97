import type { EmbeddedServerOptions } from './embedded/embedded-server-options.js';
import { startEmbeddedServer } from './embedded/start-embedded-server.js';
import type { RunningServer } from './running-server.js';
import { ServerError } from './server-error.js';

/** What kind of server to start, and how. */
export type StartServerOptions = EmbeddedServerOptions;

/**
 * Starts a throwaway PostgreSQL server that lives no longer than this process.
 *
 * Starts processes of its own session (so Ctrl-C reaches only this process) and makes one private folder;
 * both are gone after `stop()`, after this process ended in whatever way, and when the start fails. It does
 * not keep the event loop alive, installs no process handlers and prints nothing.
 *
 * @example
 * ```ts
 * const server = await startServer({ kind: 'embedded' });
 * const client = new pg.Client(server.url);
 * // …
 * await server.stop();
 * ```
 *
 * @throws {ServerError} when it cannot be started; `error.code` says why. When `signal` is aborted, rejects
 * with the signal's reason instead.
 */
export async function startServer(options: StartServerOptions): Promise<RunningServer> {
  // Callers in JavaScript may pass anything.
  const kind: string = options.kind;
  if (kind !== 'embedded') {
    throw new ServerError(
      'OPTIONS_INVALID',
      `There is no server of the kind ${JSON.stringify(kind)}; use kind: 'embedded'.`,
    );
  }
  return startEmbeddedServer(options);
}
