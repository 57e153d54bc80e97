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
  /** What its socket was told to connect to. */
  readonly target: SocketTarget;
  /** Of the server; `undefined` where it is not known yet, and for a Unix socket. */
  readonly address: string | undefined;
  /** Lines of the project that led there, the nearest first. */
  readonly lines: readonly SourceLine[];
}

/** Looks at a connection that is about to log in. What it returns is what the connection fails with. */
export type StartupWatcher = (startup: Startup) => Error | undefined;

/** A socket that was told to connect, and the line that did it. */
interface Attempt {
  readonly target: SocketTarget;
  readonly stack: Error;
  readonly site: NodeJS.CallSite | undefined;
}

/** What this copy of the package has patched, once something is watched. */
interface Watching {
  readonly watchers: Set<StartupWatcher>;
  readonly trail: CallTrail;
}

/** Deep enough to come from a driver to the project through whatever lies between. */
const frames = 100;

let watching: Watching | undefined;

/**
 * Has every connection to a PostgreSQL server that this thread makes shown to `watcher` right before it logs in: when
 * the driver writes the message that names the database, in the clear or through TLS. What the watcher returns an error
 * for does not reach the server. What is connected by other means than Node's sockets (a native driver, another process)
 * is not seen.
 *
 * Patches `net.Socket.prototype.connect` and `tls.connect` the first time; what they do stays the same.
 *
 * @param promises of how many promises from here on the line that made them is remembered, for drivers that connect
 * from a queue
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
    // Not before: connecting puts the method back that we take the place of.
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

/** Looks at what is written to a socket until the driver has said which database it wants. */
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
    // Put into words only for who reads it.
    get lines() {
      const called = linesOfStack(stack);
      const led = called.length > 0 ? undefined : lineOf(site);
      return led === undefined ? called : [led];
    },
  };
}
