import { setTimeout as delay } from 'node:timers/promises';
import { lineOf } from './call-trail.js';
import { detachQuietly } from './detach-quietly.js';
import { isOpen } from './patch-connect.js';
import type { ServerEndpoint, SocketTarget } from './server-endpoint.js';
import { socketRegistry, type SocketOwner, type SocketRecord } from './socket-registry.js';
import { projectLines, type SourceLine } from './source-line.js';

/** Whose sockets to watch. */
export interface WatchSocketsOptions {
  /** The test file. */
  readonly file: string;
  /** The server; sockets to others are let be. */
  readonly server: ServerEndpoint;
}

/** A connection to the server that a test file has open. */
export interface OpenSocket {
  /** What it was told to connect to. */
  readonly target: SocketTarget;
  /** The backend behind it, as it named itself; `null` while it is connecting. */
  readonly backendPid: number | null;
  /** Of TCP; `null` for a Unix socket. */
  readonly localPort: number | null;
  readonly openedAt: Date;
  /** What of the file ran then, such as the name of a test. */
  readonly openedDuring: string | null;
  /** Lines of the project that led there, the nearest first. */
  readonly lines: readonly SourceLine[];
}

/** The sockets of a test file, from its first line until {@link SocketWatch.end}. */
export interface SocketWatch {
  /** Says what of the file begins to run; and looks for lines anew. */
  enter(phase: string | null): void;
  /** Those that are open now. Does not wait. */
  openSockets(): OpenSocket[];
  /** Whether a backend is, or was, behind a socket of the file: a closed one's leaves a moment later. */
  hasOpened(backendPid: number): boolean;
  /**
   * Waits until none is open, at most for so long: who has just said goodbye needs a moment.
   * @returns those that are still open
   */
  settle(graceMs: number): Promise<OpenSocket[]>;
  /**
   * Takes the open sockets away from whoever holds them: they are closed, and neither an event nor a rejection tells
   * anybody, so that a pool or a client that nobody looks after any more cannot bring down the process.
   */
  detach(): void;
  /** The file is over: whatever it left behind no longer gets a connection to the server. Detaches as well. */
  end(): void;
  /** How many connections were asked for after {@link end}. */
  readonly refused: number;
}

/** How many promises are asked for the line that made them: while a file loads, and of each test and hook. */
const promisesOfFile = 400;
const promisesOfPhase = 100;

/**
 * Watches the sockets that a test file opens to a server, with the line that opened each. From here on, the code that
 * runs is the file's, with everything it calls or leaves behind: call it where the file's own context begins. Patches
 * `net.Socket.prototype.connect` and `tls.connect` of this process the first time.
 */
export function watchSockets({ file, server }: WatchSocketsOptions): SocketWatch {
  const registry = socketRegistry();
  const owner: SocketOwner = { file, server, phase: null, over: false, backendPids: new Set(), refused: 0 };
  registry.current = owner;
  registry.owners.enterWith(owner);
  registry.trail.extend(promisesOfFile);

  const open = (): SocketRecord[] =>
    [...registry.records].filter((record) => record.owner === owner && isOpen(record));
  const detach = (): void => {
    for (const record of registry.records) {
      if (record.owner !== owner) continue;
      detachQuietly(record);
      registry.records.delete(record);
    }
  };
  return {
    enter(phase) {
      owner.phase = phase;
      if (!owner.over) registry.trail.extend(promisesOfPhase);
    },
    openSockets: () => open().map(toOpenSocket),
    hasOpened: (backendPid) => owner.backendPids.has(backendPid),
    async settle(graceMs) {
      const endsAt = performance.now() + graceMs;
      for (
        let pauseMs = 1;
        open().length > 0 && performance.now() < endsAt;
        pauseMs = Math.min(pauseMs * 2, 20)
      ) {
        await delay(pauseMs);
      }
      return open().map(toOpenSocket);
    },
    detach,
    end() {
      owner.over = true;
      if (registry.current === owner) registry.current = null;
      registry.trail.stop();
      detach();
    },
    get refused() {
      return owner.refused;
    },
  };
}

/** Runs something whose sockets are nobody's: the test runner's own, not the file's. */
export function unwatched<T>(callback: () => T): T {
  return socketRegistry().owners.run(null, callback);
}

function toOpenSocket(record: SocketRecord): OpenSocket {
  const { socket, secured, target, backendPid, openedAt, phase, stack, site } = record;
  const called = projectLines(stack.stack ?? '');
  const led = called.length > 0 ? undefined : lineOf(site);
  const lines = led === undefined ? called : [led];
  return {
    target,
    backendPid,
    localPort: socket.localPort ?? secured?.localPort ?? null,
    openedAt,
    openedDuring: phase,
    lines: lines.filter(
      (line, index) =>
        lines.findIndex((other) => other.file === line.file && other.line === line.line) === index,
    ),
  };
}
