import type { AsyncLocalStorage } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Worker } from 'node:worker_threads';
import type { CallTrail, ServerEndpoint, SocketTarget } from '@pg-evict/core/internal/own-connections';

/** A test file while it runs, and after. */
export interface SocketOwner {
  readonly file: string;
  readonly server: ServerEndpoint;
  /** The running part of the file, such as the name of a test. */
  phase: string | null;
  over: boolean;
  /**
   * Whether it can have reached another program: it has connected a socket, sent a datagram, or found a socket open.
   */
  connected: boolean;
  /** Whether lines may be looked for. */
  readonly followed: boolean;
  /** Whether they are. */
  trailed: boolean;
  /** The backends of all its sockets, closed ones too. */
  readonly backendPids: Set<number>;
  /** Processes and threads that it has started. */
  readonly started: WeakRef<ChildProcess | Worker>[];
  /** Connections that were refused because the file was over. */
  refused: number;
  /** How many callers want new connections to the server to wait. */
  holds: number;
}

/** A socket, and the facts known when it was told to connect. */
export interface SocketRecord {
  readonly owner: SocketOwner;
  readonly socket: Socket;
  /** TLS around it. */
  secured: Socket | null;
  readonly target: SocketTarget;
  readonly openedAt: Date;
  readonly phase: string | null;
  /** Its stack is formatted only when it is needed. */
  readonly stack: Error;
  readonly site: NodeJS.CallSite | undefined;
  backendPid: number | null;
  /** When it began to connect, by our own clock. */
  begunAt: number;
  /** Connects it; `null` once it has begun to. */
  held: (() => void) | null;
}

/** The state that all copies of this package in one thread share. */
export interface SocketRegistry {
  readonly records: Set<SocketRecord>;
  /** The original `net.Socket.prototype.connect`, even if a test has replaced it. */
  readonly connect: (this: Socket, ...parameters: unknown[]) => Socket;
  /** The owner of the running code; `null` for our own. */
  readonly owners: AsyncLocalStorage<SocketOwner | null>;
  /** For code that has lost its context. */
  current: SocketOwner | null;
  readonly trail: CallTrail;
  /** Sockets to other programs than the server, which may be used by files that did not open them. */
  readonly elsewhere: Set<Socket>;
  /** Whether there may be an unseen way to the server: a child process, a thread, a native addon. */
  blind: boolean;
  /** Whether a driver was used that no file had loaded, so that the modules a file loads prove nothing. */
  driverOutside: boolean;
}

/** The number of promises whose creating line is read: of a file from its driver on, and of each test and hook. */
const promisesOfFile = 250;
const promisesOfPhase = 100;

/** The same for work that a test or hook has left behind, such as a query that it did not wait for. */
const promisesLeftBehind = 5;

/** The owner of the running code; `null` for our own, or outside of files. */
export function runningOwner({ owners, current }: SocketRegistry): SocketOwner | null {
  const context = owners.getStore();
  return context === undefined ? current : context;
}

/**
 * Another program was reached: by the file whose code it is, which may be over, or on behalf of the one that
 * runs.
 */
export function noteConnected({ current }: SocketRegistry, owner: SocketOwner): void {
  owner.connected = true;
  if (current !== null) current.connected = true;
}

/** Looks for lines from here on. */
export function followTrail({ trail }: SocketRegistry, owner: SocketOwner): void {
  if (owner.over || !owner.followed) return;
  trail.extend(owner.trailed ? promisesOfPhase : promisesOfFile);
  owner.trailed = true;
}

/** The running part is over. */
export function leaveTrail({ trail }: SocketRegistry): void {
  trail.shorten(promisesLeftBehind);
}
