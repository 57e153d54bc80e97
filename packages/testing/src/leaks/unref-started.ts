import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Worker } from 'node:worker_threads';

/** Lets this process end although another one, or a thread, still runs that it has started. */
export function unrefStarted(started: ChildProcess | Worker): void {
  started.unref();
  if (!('stdio' in started)) return;
  started.channel?.unref();
  for (const stream of started.stdio) (stream as Socket | null | undefined)?.unref();
}
