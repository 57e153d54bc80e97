import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';

/** The errors of drivers for a session that was terminated. */
const ours = new Set(['57P01', 'ECONNRESET', 'EPIPE']);
const words =
  /terminating connection due to administrator command|Connection terminated|Connection ended unexpectedly|server closed the connection/i;

/** Whether it is a driver's error for a session that was terminated. */
export function isEviction(reason: unknown): boolean {
  const { code, message } = Object(reason) as { code?: unknown; message?: unknown };
  return (typeof code === 'string' && ours.has(code)) || (typeof message === 'string' && words.test(message));
}

type Emit = (this: EventEmitter, event: string | symbol, ...parameters: unknown[]) => boolean;

/** The emitters that have reported the end of a session. */
export interface MutedEvictions {
  /** The sockets of clients without a listener: their owners do not learn that they are unusable. */
  readonly unheard: ReadonlySet<Socket>;
  /** Lets all listeners be called again. */
  restore(): void;
}

/**
 * While sessions are terminated, lets their clients receive the error, so that a pool removes them, but hides it from
 * listeners of the pool: node-postgres recommends to end the process there. A client without a listener would raise an
 * uncaught exception.
 *
 * @param lost called with each emitter that reports the end of a session
 */
export function muteEvictions(lost: (emitter: object) => void): MutedEvictions {
  const prototype = EventEmitter.prototype as unknown as { emit: Emit };
  const { emit } = prototype;
  const unheard = new Set<Socket>();
  /** The emitters that are reporting an error, each with that error. */
  const telling = new Map<unknown, unknown>();
  /** The emitters whose events are being delivered, the innermost last. */
  const sockets: Socket[] = [];
  const emitError: Emit = function emitError(event, error, ...others) {
    // A pool passes on an event of one of its clients, with that client.
    if (telling.get(others[0]) === error) return false;
    lost(this);
    if (this.listenerCount(event) === 0) {
      const socket = sockets.at(-1);
      if (socket !== undefined) unheard.add(socket);
      return false;
    }
    say(error);
    telling.set(this, error);
    try {
      return emit.call(this, event, error, ...others);
    } finally {
      telling.delete(this);
    }
  };
  const muting: Emit = function muting(event, ...parameters) {
    if (event === 'error' && isEviction(parameters[0])) return emitError.call(this, event, ...parameters);
    if (!(this instanceof Socket)) return emit.call(this, event, ...parameters);
    sockets.push(this);
    try {
      return emit.call(this, event, ...parameters);
    } finally {
      sockets.pop();
    }
  };
  prototype.emit = muting;
  return {
    unheard,
    restore() {
      if (prototype.emit === muting) prototype.emit = emit;
    },
  };
}

const said = ': pg-evict has reset the test database';

/** Explains the error to the listeners that receive it. */
function say(error: unknown): void {
  // In a sandbox, errors have a class of their own.
  const told = Object(error) as { code?: unknown; message?: unknown };
  if (told.code !== '57P01' || typeof told.message !== 'string' || told.message.endsWith(said)) return;
  told.message += said;
}
