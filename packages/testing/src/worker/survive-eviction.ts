import { nextTurn } from '../captured/clock.js';
import type { SocketWatch } from '../leaks/watch-sockets.js';
import type { Requests } from '../wire/protocol.js';

type ResetAnswer = Requests['reset']['answers'];

const ours = new Set(['57P01', 'ECONNRESET', 'EPIPE']);
const words =
  /terminating connection due to administrator command|Connection terminated|Connection ended unexpectedly|server closed the connection/i;

/** What drivers say when a session of theirs was ended. */
function isEviction(reason: unknown): boolean {
  const { code, message } = Object(reason) as { code?: unknown; message?: unknown };
  return (typeof code === 'string' && ours.has(code)) || (typeof message === 'string' && words.test(message));
}

type Listener = (...parameters: unknown[]) => void;

/**
 * Runs something that ends the sessions of the test file, in the name of which no error is to be raised: a pool that
 * nobody listens to would emit one for each idle session, and fail the test. Pools take such a session out and open
 * another one with the next query. Every other error goes where it would have gone.
 */
export async function surviveEviction(
  watch: SocketWatch,
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
  try {
    const report = await evict();
    // A new copy takes the place of one whose sessions were not all counted.
    const ended = report.how === 'clone' ? undefined : new Set(report.sessions);
    // The news travels through the socket to the driver, and is told from there.
    await watch.settle(1000, ended);
    await nextTurn();
    return report;
  } finally {
    for (const put of restore) put();
  }
}
