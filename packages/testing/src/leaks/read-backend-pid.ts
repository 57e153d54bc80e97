import type { Socket } from 'node:net';

/** Longer than any start-up: authentication and some 20 settings. */
const longestStartup = 65_536;

/**
 * Calls back with the pid of the backend when it arrives on a socket. The bytes pass by unchanged, and other listeners
 * stay. After the start-up, or if the protocol is not PostgreSQL's, no more data is read.
 *
 * Messages: https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function readBackendPid(socket: Socket, found: (pid: number) => void): void {
  let received: Buffer = Buffer.alloc(0);
  const stop = (): void => void Reflect.deleteProperty(socket, 'push');
  const look = (chunk: unknown): void => {
    if (!Buffer.isBuffer(chunk)) return stop();
    // The answer to a request for TLS is one byte and no message.
    if (received.length === 0 && chunk.length === 1) return;
    received = Buffer.concat([received, chunk]);
    const pid = backendPidIn(received);
    if (typeof pid === 'number') found(pid);
    if (pid !== undefined || received.length > longestStartup) stop();
  };
  const push = socket.push.bind(socket);
  Object.defineProperty(socket, 'push', {
    configurable: true,
    writable: true,
    value(chunk: unknown, encoding?: BufferEncoding): boolean {
      look(chunk);
      return push(chunk, encoding);
    },
  });
}

/** The pid of BackendKeyData; `null` where there is none in a start-up, `undefined` where more must be read. */
function backendPidIn(bytes: Buffer): number | null | undefined {
  let at = 0;
  while (at + 5 <= bytes.length) {
    const kind = String.fromCharCode(bytes[at] ?? 0);
    const length = bytes.readInt32BE(at + 1);
    if (!'RSNKEvZ'.includes(kind) || length < 4 || kind === 'Z' || kind === 'E') return null;
    if (kind === 'K' && at + 9 <= bytes.length) return bytes.readInt32BE(at + 5);
    at += 1 + length;
  }
  return undefined;
}
