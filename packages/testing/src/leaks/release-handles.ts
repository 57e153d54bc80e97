import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Worker } from 'node:worker_threads';
import type { SocketRecord } from './socket-owner.js';

/** Closes a socket without notifying anyone: neither the driver, which would emit or reject, nor the process. */
export function detachQuietly({ socket, secured }: SocketRecord): void {
  const streams = secured === null ? [socket] : [secured, socket];
  for (const stream of streams) {
    stream.removeAllListeners();
    stream.on('error', () => undefined);
  }
  for (const stream of streams) stream.destroy();
}

/** Lets this process end although another one, or a thread, still runs that it has started. */
export function unrefStarted(started: ChildProcess | Worker): void {
  started.unref();
  if (!('stdio' in started)) return;
  started.channel?.unref();
  for (const stream of started.stdio) (stream as Socket | null | undefined)?.unref();
}
