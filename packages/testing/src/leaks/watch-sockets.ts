import type { Socket } from 'node:net';
import { nextTurn, now, pause } from '../captured/clock.js';
import {
  lineOf,
  linesOfStack,
  type ServerEndpoint,
  type SocketTarget,
  type SourceLine,
} from '@pg-evict/core/internal/own-connections';
import { isConnectedElsewhere, isGone, isOpen, isStarting, letConnect } from './patch-connect.js';
import { detachQuietly, unrefStarted } from './release-handles.js';
import { followTrail, leaveTrail, type SocketOwner, type SocketRecord } from './socket-owner.js';
import { knownRegistry, socketRegistry } from './socket-registry.js';

/** The owner of the sockets to watch. */
export interface WatchSocketsOptions {
  /** The test file. */
  readonly file: string;
  /** The server; sockets to others are ignored. */
  readonly server: ServerEndpoint;
  /**
   * Whether the file loads modules of its own, as in a sandbox of Jest: lines are looked for only once it loads a
   * module that a driver needs (`net`, `tls`, `dns`).
   * @default false
   */
  readonly sandboxed?: boolean | undefined;
  /**
   * Whether the asynchronous context of this call becomes the file's. Otherwise, code without another context belongs
   * to the file while it runs, and {@link SocketWatch.run} gives it one.
   * @default true
   */
  readonly entered?: boolean | undefined;
  /**
   * Whether lines are looked for that the stack of a connection does not have. That costs each promise of the file.
   * @default true
   */
  readonly followed?: boolean | undefined;
}

/** A connection to the server that a test file has open. */
export interface OpenSocket {
  /** The destination that it was told to connect to. */
  readonly target: SocketTarget;
  /** The pid of its backend, as the backend reported it; `null` while it is connecting. */
  readonly backendPid: number | null;
  /** Of TCP; `null` for a Unix socket. */
  readonly localPort: number | null;
  readonly openedAt: Date;
  /** The part of the file that ran then, such as the name of a test. */
  readonly openedDuring: string | null;
  /** Lines of the project that led there, the nearest first. */
  readonly lines: readonly SourceLine[];
}

/** The sockets of a test file, from its first line until {@link SocketWatch.end}. */
export interface SocketWatch {
  /** Runs a callback in a context that is the file's, with everything it calls or leaves behind. */
  run<T>(callback: () => T): T;
  /** Says which part of the file begins to run, and looks for lines again. */
  enter(phase: string | null): void;
  /** Says that the phase is over, so that hardly any lines are looked for until the next one begins. */
  leave(): void;
  /** Those that are open now. Does not wait. */
  openSockets(): OpenSocket[];
  /**
   * Whether any code can have reached the server since the file began, or since {@link SocketWatch.forgetUse}: any
   * socket was opened, or was open then; a datagram was sent; or this thread has ever started a process or a thread, or
   * loaded a native addon, whose sockets are not seen.
   */
  readonly used: boolean;
  /** Marks everything done so far as known. */
  forgetUse(): void;
  /** Whether a backend is, or was, behind a socket of the file: a closed one's leaves a moment later. */
  hasOpened(backendPid: number): boolean;
  /**
   * Waits until none is open, at most for so long: a connection that has just said goodbye needs a moment.
   * @param backendPids waits only for those to these backends, which have ended, until their last event has been
   * delivered, and so their drivers know it; and for those that are just starting
   * @returns those that are still open
   */
  settle(graceMs: number, backendPids?: ReadonlySet<number>): Promise<OpenSocket[]>;
  /**
   * Makes new connections to the server wait, until the returned function is called, and waits for those that are just
   * starting. A reset may replace the database: a client that connected meanwhile would be told that there is none.
   */
  hold(): Promise<() => void>;
  /** Lines of the project that led to a socket, the nearest first; none if it has no owner. */
  linesOf(socket: Socket): readonly SourceLine[];
  /**
   * Takes the open sockets away from their users: they are closed without an event or a rejection, so that a pool or a
   * client that was forgotten cannot crash the process.
   */
  detach(): void;
  /** Lets the process end although processes and threads that the file has started still run. */
  unrefStarted(): void;
  /** The file is over: code that it left behind cannot connect to the server any more. Detaches as well. */
  end(): void;
  /** How many connections were requested after {@link end}. */
  readonly refused: number;
}

/**
 * Watches the sockets that a test file opens to a server, with the line that opened each. From here on, the code that
 * runs is the file's, with everything it calls or leaves behind: call it where the file's own context begins. Patches
 * `net.Socket.prototype.connect`, `tls.connect` and the functions that start processes and threads or load addons in
 * this process the first time.
 */
export function watchSockets({
  file,
  server,
  sandboxed = false,
  entered = true,
  followed = true,
}: WatchSocketsOptions): SocketWatch {
  const registry = socketRegistry();
  const owner: SocketOwner = {
    file,
    server,
    phase: null,
    over: false,
    // Connections that an earlier file left open, such as one of `http.globalAgent`, may be used and closed by this
    // file.
    connected: isConnectedElsewhere(registry),
    followed,
    trailed: false,
    backendPids: new Set(),
    started: [],
    refused: 0,
    holds: 0,
  };
  // The setup function of a template may be filling one within a test file; a test file never runs within another one.
  const outer = sandboxed ? null : registry.current;
  registry.current = owner;
  if (entered) registry.owners.enterWith(owner);
  if (!sandboxed || registry.driverOutside) followTrail(registry, owner);

  const own = (): SocketRecord[] => [...registry.records].filter((record) => record.owner === owner);
  const open = (): SocketRecord[] => own().filter(isOpen);
  const detach = (): void => {
    for (const record of registry.records) {
      if (record.owner !== owner) continue;
      detachQuietly(record);
      registry.records.delete(record);
    }
  };
  return {
    run: (callback) => registry.owners.run(owner, callback),
    enter(phase) {
      owner.phase = phase;
      if (owner.trailed) followTrail(registry, owner);
    },
    leave: () => leaveTrail(registry),
    openSockets: () => open().map(toOpenSocket),
    get used() {
      return owner.connected || registry.blind;
    },
    forgetUse() {
      // An open connection may be used without being opened, and be closed before it is looked at.
      owner.connected = isConnectedElsewhere(registry) || open().length > 0;
    },
    hasOpened: (backendPid) => owner.backendPids.has(backendPid),
    async settle(graceMs, backendPids) {
      const endsAt = now() + graceMs;
      const isAwaited = (record: SocketRecord): boolean =>
        backendPids?.has(record.backendPid ?? 0) === true
          ? !isGone(record)
          : isOpen(record) && (backendPids === undefined || isStarting(record));
      const awaited = (): SocketRecord[] => own().filter(isAwaited);
      await until(() => awaited().length === 0 || now() >= endsAt);
      const left = awaited().map(toOpenSocket);
      if (backendPids !== undefined) {
        // A socket that is destroyed before the first of these turns has told so by the second: handles are closed at
        // the end of a turn. The first also delivers what came while the thread was busy.
        await nextTurn();
        await nextTurn();
      }
      return left;
    },
    async hold() {
      owner.holds += 1;
      await until(() => !open().some(isStarting));
      return () => {
        owner.holds -= 1;
        if (owner.holds > 0) return;
        for (const record of registry.records) if (record.owner === owner) letConnect(record);
      };
    },
    linesOf(socket) {
      const record = [...registry.records].find((one) => one.socket === socket || one.secured === socket);
      return record === undefined ? [] : linesOf(record);
    },
    detach,
    unrefStarted() {
      for (const reference of owner.started) {
        const started = reference.deref();
        if (started !== undefined) unrefStarted(started);
      }
    },
    end() {
      owner.over = true;
      const goesOn = outer?.over === false;
      if (registry.current === owner) registry.current = goesOn ? outer : null;
      if (!goesOn) registry.trail.stop();
      detach();
    },
    get refused() {
      return owner.refused;
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let pauseMs = 1; !isSo(); pauseMs = Math.min(pauseMs * 2, 20)) await pause(pauseMs);
}

/**
 * Runs a callback whose sockets have no owner: the test runner's own, not the file's. As long as the thread has watched
 * no file, there is nothing to keep apart. A run that has begun before keeps its sockets: they are made by `newSocket()`.
 */
export function unwatched<T>(callback: () => T): T {
  const registry = knownRegistry();
  return registry === undefined ? callback() : registry.owners.run(null, callback);
}

function toOpenSocket(record: SocketRecord): OpenSocket {
  const { socket, secured, target, backendPid, openedAt, phase } = record;
  return {
    target,
    backendPid,
    localPort: socket.localPort ?? secured?.localPort ?? null,
    openedAt,
    openedDuring: phase,
    // Formatted, through source maps, only when it is read: most sockets are just being closed.
    get lines() {
      return linesOf(record);
    },
  };
}

function linesOf({ stack, site }: SocketRecord): SourceLine[] {
  const called = linesOfStack(stack);
  const led = called.length > 0 ? undefined : lineOf(site);
  const lines = led === undefined ? called : [led];
  return lines.filter(
    (line, index) =>
      lines.findIndex((other) => other.file === line.file && other.line === line.line) === index,
  );
}
