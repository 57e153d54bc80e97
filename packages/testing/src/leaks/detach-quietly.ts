import type { SocketRecord } from './socket-owner.js';

/** Closes a socket so that nobody hears of it: neither the driver, which would emit or reject, nor the process. */
export function detachQuietly({ socket, secured }: SocketRecord): void {
  const streams = secured === null ? [socket] : [secured, socket];
  for (const stream of streams) {
    stream.removeAllListeners();
    stream.on('error', () => undefined);
  }
  for (const stream of streams) stream.destroy();
}
