import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import type { ServerEndpoint, SocketTarget } from './server-endpoint.js';
import { CallTrail } from './call-trail.js';
import { patchConnect } from './patch-connect.js';

/** A test file while it runs, and after. */
export interface SocketOwner {
  readonly file: string;
  readonly server: ServerEndpoint;
  /** What of the file runs, such as the name of a test. */
  phase: string | null;
  over: boolean;
  /** The backends of all its sockets, closed ones too. */
  readonly backendPids: Set<number>;
  /** Connections that were not made, as the file was over. */
  refused: number;
}

/** A socket, and what was known when it was told to connect. */
export interface SocketRecord {
  readonly owner: SocketOwner;
  readonly socket: Socket;
  /** TLS around it. */
  secured: Socket | null;
  readonly target: SocketTarget;
  readonly openedAt: Date;
  readonly phase: string | null;
  /** Its stack is put into words only when it is asked for. */
  readonly stack: Error;
  readonly site: NodeJS.CallSite | undefined;
  backendPid: number | null;
}

/** What all copies of this package in one thread share. */
export interface SocketRegistry {
  readonly records: Set<SocketRecord>;
  /** Whose code runs; `null` for our own. */
  readonly owners: AsyncLocalStorage<SocketOwner | null>;
  /** For code that has lost its context. */
  current: SocketOwner | null;
  readonly trail: CallTrail;
}

const key = Symbol.for('pg-evict.sockets/1');

/**
 * The registry of this thread. The first call patches `net.Socket.prototype.connect` and `tls.connect`, which the
 * sandboxes of a test runner share with it; another copy of this package finds it patched.
 */
export function socketRegistry(): SocketRegistry {
  const holder = process as unknown as { [key]?: SocketRegistry };
  const existing = holder[key];
  if (existing !== undefined) return existing;
  const registry: SocketRegistry = {
    records: new Set(),
    owners: new AsyncLocalStorage(),
    current: null,
    trail: new CallTrail(),
  };
  Object.defineProperty(process, key, { value: registry });
  patchConnect(registry);
  return registry;
}
