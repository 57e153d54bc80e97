import { relative } from 'node:path';
import { tell } from '../captured/streams.js';
import type { SocketWatch } from '../leaks/watch-sockets.js';
import type { Requests } from '../wire/protocol.js';
import { isEviction, muteEvictions } from './mute-evictions.js';
import { type FileGlobal, replaceLostConnection } from './replace-lost-connection.js';

type ResetAnswer = Requests['reset']['answers'];

/** A test file whose sessions are terminated. */
interface EvictedFile {
  readonly file: string;
  readonly global: FileGlobal;
  readonly watch: SocketWatch;
}

/** How long the sockets of terminated sessions may take to close. */
const closingMs = 3000;

type Listener = (...parameters: unknown[]) => void;

/**
 * Runs a callback that terminates the test file's sessions, and suppresses the resulting driver errors: a pool without
 * a listener would emit one for each idle session, and fail the test. Pools remove such a session and open another one
 * with the next query. A client that does not is named on standard error. Every other error takes its usual way.
 * Connections that the file opens meanwhile wait.
 *
 * @param file the owner of the sessions, with its global object
 */
export async function surviveEviction(
  { file, global, watch }: EvictedFile,
  evict: () => Promise<ResetAnswer>,
): Promise<ResetAnswer> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const restore = events.map((event) => {
    const others = process.listeners(event as 'uncaughtException') as unknown as Listener[];
    const listener: Listener = (reason, ...rest) => {
      if (isEviction(reason)) return;
      for (const other of others) other.call(process, reason, ...rest);
    };
    process.removeAllListeners(event);
    process.on(event, listener);
    return (): void => {
      process.removeListener(event, listener);
      for (const other of others) process.on(event, other);
    };
  });
  const muted = muteEvictions((emitter) => replaceLostConnection(emitter, global));
  try {
    const letConnect = await watch.hold();
    const report = await evict().finally(letConnect);
    // The message travels through the socket to the driver, and is reported from there; so is the end of the socket.
    await watch.settle(closingMs, new Set(report.sessions));
    const lines = [...muted.unheard].flatMap((socket) => watch.linesOf(socket).slice(0, 1));
    if (muted.unheard.size > 0) tell(describeUnheard(file, report, lines));
    return report;
  } finally {
    muted.restore();
    for (const put of restore) put();
  }
}

/** A client without a listener is left unusable: its next query fails, and does not say why. */
function describeUnheard(
  file: string,
  { reason }: ResetAnswer,
  lines: ReturnType<SocketWatch['linesOf']>,
): string {
  const name = (path: string): string => relative(process.cwd(), path);
  const places = lines.map((line) => `\n  ${name(line.file)}:${line.line}:${line.column}`);
  const why =
    reason === null
      ? 'it was in a transaction, or held a lock or a temporary object'
      : `the database was copied again: ${reason}`;
  return [
    `pg-evict: a reset for ${name(file)} has terminated the session of a client. A pool would connect again, but a single client does not. `,
    `Why: ${why}.${places.length === 0 ? '' : ` Opened at:${places.join('')}`}`,
  ].join('');
}
