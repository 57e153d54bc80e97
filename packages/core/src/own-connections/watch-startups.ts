import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import { CallTrail, lineOf, linesOfStack } from './call-trail.js';
import { targetOf, type SocketTarget } from './server-endpoint.js';
import type { SourceLine } from './stack-lines.js';
import { readFirstMessage } from './startup-packet.js';

/** A connection of this process that is about to log in to a server. */
export interface Startup {
  readonly database: string;
  /** The destination that its socket was told to connect to. */
  readonly target: SocketTarget;
  /** The address of the server; `undefined` if it is not known yet, and for a Unix socket. */
  readonly address: string | undefined;
  /** Lines of the project that led there, the nearest first. */
  readonly lines: readonly SourceLine[];
}

/** Examines a connection that is about to log in. The connection fails with the error that this returns. */
export type StartupWatcher = (startup: Startup) => Error | undefined;

/** A socket that was told to connect, and the line of code that did it. */
interface Attempt {
  readonly target: SocketTarget;
  readonly stack: Error;
  readonly site: NodeJS.CallSite | undefined;
}

/** The functions that this copy of the package has patched, once something is watched. */
interface Watching {
  readonly watchers: Set<StartupWatcher>;
  readonly trail: CallTrail;
}

/** Deep enough to get from a driver to the project through every layer between. */
const frames = 100;

let watching: Watching | undefined;

/**
 * Shows `watcher` every connection to a PostgreSQL server that this thread makes, right before it logs in: when the
 * driver writes the message that names the database, in the clear or through TLS. If the watcher returns an error, the
 * message does not reach the server. Connections that do not use Node's sockets (a native driver, another process) are
 * not seen.
 *
 * Patches `net.Socket.prototype.connect` and `tls.connect` the first time; their behaviour stays the same.
 *
 * @param promises the number of promises from here on whose creating line is remembered, for drivers that connect from
 * a queue
 * @returns stops it
 */
export function watchStartups(watcher: StartupWatcher, promises: number): () => void {
  watching ??= patch({ watchers: new Set(), trail: new CallTrail() });
  const { trail, watchers } = watching;
  watchers.add(watcher);
  trail.extend(promises);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) trail.stop();
  };
}

function patch(made: Watching): Watching {
  const attempts = new WeakMap<net.Socket, Attempt>();
  const { connect } = net.Socket.prototype as unknown as {
    connect: (...parameters: unknown[]) => net.Socket;
  };
  function attentiveConnect(this: net.Socket, ...parameters: unknown[]): net.Socket {
    if (made.watchers.size === 0) return connect.apply(this, parameters);
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = frames;
    const stack = new Error('connected');
    Error.captureStackTrace(stack, attentiveConnect);
    Error.stackTraceLimit = stackTraceLimit;
    const attempt = { target: targetOf(parameters), stack, site: made.trail.current() };
    connect.apply(this, parameters);
    attempts.set(this, attempt);
    // Not before: connecting restores the method that we replace.
    attend(this, attempt, made);
    return this;
  }
  Object.assign(net.Socket.prototype, { connect: attentiveConnect });

  const secure = tls.connect as (...parameters: unknown[]) => tls.TLSSocket;
  tls.connect = (...parameters: unknown[]): tls.TLSSocket => {
    const secured = secure(...parameters);
    const { socket } = Object(parameters[0]) as { socket?: unknown };
    const attempt = socket instanceof net.Socket ? attempts.get(socket) : undefined;
    if (attempt !== undefined) attend(secured, attempt, made);
    return secured;
  };
  syncBuiltinESMExports();
  return made;
}

/** Reads the data written to a socket until the driver has named its database. */
function attend(socket: net.Socket, attempt: Attempt, { watchers }: Watching): void {
  let seen = Buffer.alloc(0);
  const attentiveWrite = (chunk: unknown, ...rest: unknown[]): boolean => {
    seen = Buffer.concat([seen, bytesOf(chunk, rest[0])]);
    const message = readFirstMessage(seen);
    if (message.kind === 'negotiation') seen = Buffer.alloc(0);
    if (message.kind === 'startup' || message.kind === 'other') leave();
    if (message.kind === 'startup') {
      const startup = startupOf(message.database, attempt, socket);
      for (const watcher of watchers) {
        const refusal = watcher(startup);
        if (refusal === undefined) continue;
        socket.destroy(refusal);
        return false;
      }
    }
    return (net.Socket.prototype.write as (...parameters: unknown[]) => boolean).call(socket, chunk, ...rest);
  };
  const leave = (): void => {
    if ((socket as { write: unknown }).write === attentiveWrite) Reflect.deleteProperty(socket, 'write');
  };
  Object.defineProperty(socket, 'write', { value: attentiveWrite, configurable: true, writable: true });
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return Buffer.from(String(chunk), typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
}

function startupOf(database: string, { target, stack, site }: Attempt, socket: net.Socket): Startup {
  return {
    database,
    target,
    address: socket.remoteAddress,
    // Formatted only when it is read.
    get lines() {
      const called = linesOfStack(stack);
      const led = called.length > 0 ? undefined : lineOf(site);
      return led === undefined ? called : [led];
    },
  };
}
